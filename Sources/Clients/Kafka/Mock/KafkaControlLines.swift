/// Cuts the bytes of one control connection into lines; a line too long is reported once and skipped to its end.
public struct KafkaControlLines {
    public enum Line: Equatable, Sendable {
        case text(String)
        case tooLong
        case notText
    }

    private var buffer: [UInt8] = []
    private var isSkipping = false

    public init() {}

    /// The lines completed by `bytes`, in order.
    public mutating func receive(_ bytes: some Sequence<UInt8>) -> [Line] {
        var lines: [Line] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if let line = finish() { lines.append(line) }
            } else if !isSkipping {
                buffer.append(byte)
                if buffer.count > KafkaLimits.controlLineBytes + 1 { startSkipping() }
            }
        }
        return lines
    }

    private mutating func startSkipping() {
        buffer.removeAll(keepingCapacity: true)
        isSkipping = true
    }

    private mutating func finish() -> Line? {
        defer { buffer.removeAll(keepingCapacity: true) }
        if isSkipping {
            isSkipping = false
            return .tooLong
        }
        if buffer.last == UInt8(ascii: "\r") { buffer.removeLast() }
        if buffer.count > KafkaLimits.controlLineBytes { return .tooLong }
        return String(validating: buffer, as: UTF8.self).map { .text($0) } ?? .notText
    }
}
