import Glibc
import Kafka

/// One control connection: bytes in, answers out, in order.
struct ControlClient {
    let descriptor: Int32
    private var lines = KafkaControlLines()
    private var output: [UInt8] = []
    private var isEnding = false

    /// A client that does not read its answers is not read from either.
    static let pendingOutputBytes = 64 * 1024
    private static let readBytes = 4096

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// What to poll for.
    var interest: Int16 {
        var events: Int32 = output.isEmpty ? 0 : POLLOUT
        if !isEnding && output.count < Self.pendingOutputBytes { events |= POLLIN }
        return Int16(events)
    }

    /// Serves one readiness; false when the connection is over.
    mutating func serve(_ events: Int16, _ answer: (String) -> String) -> Bool {
        let events = Int32(events)
        if events & (POLLERR | POLLNVAL) != 0 { return false }
        if events & (POLLIN | POLLHUP) != 0, !isEnding, !receive(answer) { return false }
        return flush()
    }

    private mutating func receive(_ answer: (String) -> String) -> Bool {
        var buffer = [UInt8](repeating: 0, count: Self.readBytes)
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        if count == 0 { isEnding = true }
        for line in lines.receive(buffer[..<count]) {
            let reply =
                switch line {
                case .text(let text): answer(text)
                case .tooLong: "error a line ends at \(KafkaLimits.controlLineBytes) bytes"
                case .notText: "error a line must be UTF-8 text"
                }
            output += reply.utf8
            output.append(UInt8(ascii: "\n"))
        }
        return true
    }

    private mutating func flush() -> Bool {
        while !output.isEmpty {
            let count = output.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            output.removeFirst(count)
        }
        return !isEnding
    }
}
