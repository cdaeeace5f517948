import Glibc

/// A blocking client that sends bytes as they are and reads responses strictly. A read that waits for 30 seconds fails
/// the test.
final class RawClient {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Response {
        let status: Int
        /// Names in lower case.
        let fields: [(name: String, value: String)]
        let body: String

        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        // A sockaddr_in: family, port and address, the latter two in network order.
        let address: [UInt8] =
            [UInt8(AF_INET), 0, UInt8(port >> 8), UInt8(port & 0xFF), 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
        let result = address.withUnsafeBytes { bytes in
            connect(descriptor, bytes.bindMemory(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
        }
        guard result == 0 else { throw Failure(description: "cannot connect: \(errno)") }
    }

    deinit { close(descriptor) }

    /// Sends bytes; a connection that the server has closed is no error.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Ends the output; the server sees the end of the stream.
    func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// One more read; false at the end of the stream.
    private func read() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == ECONNRESET { throw Failure(description: "the connection was reset") }
        guard count >= 0 else { throw Failure(description: "no answer: errno \(errno)") }
        received.append(contentsOf: buffer[..<count])
        return count > 0
    }

    /// Whether the server closes the connection without another byte.
    func isClosed() throws -> Bool { try received.isEmpty && !read() }

    private func line() throws -> String {
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                guard end > 0, received[end - 1] == 0x0D else { throw Failure(description: "a bare LF") }
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<(end - 1)], as: UTF8.self)
            }
            guard try read() else { throw Failure(description: "the connection ended inside a head") }
        }
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        while received.count < count {
            guard try read() else { throw Failure(description: "the connection ended inside a body") }
        }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    /// Reads a response.
    ///
    /// - Parameter isHead: whether the request was HEAD, whose response has no body.
    func response(isHead: Bool = false) throws -> Response {
        let first = try line()
        guard first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3)) else {
            throw Failure(description: "no status line: \(first)")
        }
        var fields: [(name: String, value: String)] = []
        while case let next = try line(), !next.isEmpty {
            guard let colon = next.firstIndex(of: ":") else { throw Failure(description: "no field: \(next)") }
            let value = next[next.index(after: colon)...].drop { $0 == " " }
            fields.append((next[..<colon].lowercased(), String(value)))
        }
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        if isHead || status == 204 || status == 304 || status < 200 {
            return Response(status: status, fields: fields, body: "")
        }
        var body: [UInt8] = []
        if field("transfer-encoding") == "chunked" {
            while case let size = Int(try line(), radix: 16) ?? -1, size != 0 {
                guard size > 0 else { throw Failure(description: "no chunk size") }
                body += try bytes(size)
                guard try line().isEmpty else { throw Failure(description: "no end of a chunk") }
            }
            guard try line().isEmpty else { throw Failure(description: "a trailer") }
        } else if let length = field("content-length").flatMap({ Int($0) }) {
            body = try bytes(length)
        } else {
            while try read() {}
            body = received
            received = []
        }
        return Response(status: status, fields: fields, body: String(decoding: body, as: UTF8.self))
    }
}
