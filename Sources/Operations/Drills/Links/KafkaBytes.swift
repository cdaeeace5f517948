/// A message of Kafka that is read, and changed, from its beginning on.
struct KafkaBytes {
    private(set) var all: [UInt8]
    private var position = 0
    /// Whether everything that was read was there.
    private(set) var isValid = true

    init(_ bytes: [UInt8]) { all = bytes }

    static func of(_ number: Int32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

    mutating func int16() -> Int16 { Int16(truncatingIfNeeded: number(2)) }
    mutating func int32() -> Int32 { Int32(truncatingIfNeeded: number(4)) }

    private mutating func number(_ count: Int) -> Int {
        let start = position
        skip(count)
        return isValid ? all[start..<position].reduce(0) { $0 << 8 | Int($1) } : 0
    }

    mutating func varint() -> Int {
        var (value, shift) = (0, 0)
        while shift < 35 {
            let byte = number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        isValid = false
        return 0
    }

    mutating func skip(_ count: Int) {
        guard isValid, count >= 0, count <= all.count - position else {
            isValid = false
            return
        }
        position += count
    }

    /// Puts a smaller number in place of the next one, without going past it.
    mutating func lower(to newest: Int16) {
        var copy = self
        guard copy.int16() > newest, copy.isValid else { return }
        all.replaceSubrange(position..<(position + 2), with: [UInt8(newest >> 8), UInt8(newest & 0xFF)])
    }

    /// Puts the link's address in place of the host and the port that come next.
    mutating func replaceAddress(_ port: (String, Int) -> Int) {
        let start = position
        let length = Int(int16())
        skip(length)
        let host = isValid ? String(decoding: all[(start + 2)..<position], as: UTF8.self) : ""
        let old = Int(int32())
        // Without a coordinator there is no host.
        guard isValid, !host.isEmpty else { return }
        let own = Array("127.0.0.1".utf8)
        let made = [0, UInt8(own.count)] + own + Self.of(Int32(port(host, old)))
        all.replaceSubrange(start..<position, with: made)
        position = start + made.count
    }
}
