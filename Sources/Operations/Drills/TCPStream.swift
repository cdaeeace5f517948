import Glibc
import Threads

/// A connection to a port of 127.0.0.1, with a deadline for each call. One thread.
final class TCPStream {
    private let descriptor: Int32
    /// What was read and not used yet.
    private var buffer: [UInt8] = []

    /// - Throws: ``DrillError`` when nothing answers.
    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw DrillError("no socket: \(SystemError("socket").description)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        // On this machine a connect never waits: it is refused, or it is there.
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw DrillError("nothing answers at port \(port)") }
        var flag: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &flag, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw DrillError("the connection is lost") }
            sent += count
        }
    }

    /// Exactly so many bytes.
    func read(_ count: Int, until deadline: ContinuousClock.Instant) throws -> [UInt8] {
        while buffer.count < count { try fill(deadline) }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// Up to and without the next CRLF or line feed.
    func line(until deadline: ContinuousClock.Instant) throws -> String {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                var line = buffer[..<end]
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: line, as: UTF8.self)
            }
            guard buffer.count < DrillLimits.answerBytes else { throw DrillError("the line has no end") }
            try fill(deadline)
        }
    }

    private func fill(_ deadline: ContinuousClock.Instant) throws {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard case .ready = PollLoop.wait(&ready, until: deadline) else { throw DrillError("no answer in time") }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { throw DrillError("the connection is lost") }
        buffer += bytes[..<count]
    }
}

/// Ports that were free a moment ago.
enum FreePorts {
    static func next() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("no socket") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) == 0 ? getsockname(descriptor, raw, &length) : -1
            }
        }
        guard status == 0 else { throw SystemError("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
