import Glibc

/// GET over HTTP/1.0 without TLS, for the admin ports of services. Blocks, with a time limit for the whole answer.
struct PlainHTTP {
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    struct Answer {
        let status: Int
        let body: String

        var isSuccess: Bool { (200..<300).contains(status) }
    }

    private let host: String
    private let port: String

    /// - Parameter url: `http://HOST:PORT`.
    init(_ url: String) throws(Failure) {
        guard let match = url.wholeMatch(of: /http:\/\/(\[[0-9a-fA-F:]+\]|[^\/:\[\]]+)(:(\d+))?\/?/) else {
            throw Failure("'\(url)' is not http://HOST:PORT")
        }
        host = match.1.hasPrefix("[") ? String(match.1.dropFirst().dropLast()) : String(match.1)
        port = match.3.map { String($0) } ?? "80"
    }

    func get(_ path: String) throws(Failure) -> Answer {
        let deadline = ContinuousClock.now + .milliseconds(OperationsLimits.probeMilliseconds)
        let descriptor = try connect(deadline)
        defer { close(descriptor) }
        let request = Array("GET \(path) HTTP/1.0\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
        // The request fits into the socket's buffer.
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw Failure("\(host):\(port) does not take the request")
        }
        return try Self.parse(try read(descriptor, deadline))
    }

    private func connect(_ deadline: ContinuousClock.Instant) throws(Failure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &found) == 0, let first = found else {
            throw Failure("\(host) is not known")
        }
        defer { freeaddrinfo(first) }
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let address = next?.pointee {
            next = address.ai_next
            let type = address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = socket(address.ai_family, type, address.ai_protocol)
            guard descriptor >= 0 else { continue }
            if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
            if errno == EINPROGRESS, wait(descriptor, Int16(POLLOUT), deadline), Self.isConnected(descriptor) {
                return descriptor
            }
            close(descriptor)
        }
        throw Failure("nothing answers at \(host):\(port)")
    }

    private static func isConnected(_ descriptor: Int32) -> Bool {
        var (error, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0
    }

    private func wait(_ descriptor: Int32, _ events: Int16, _ deadline: ContinuousClock.Instant) -> Bool {
        var set = pollfd(fd: descriptor, events: events, revents: 0)
        let left = max(0, (deadline - .now) / .milliseconds(1))
        return poll(&set, 1, Int32(left)) > 0
    }

    private func read(_ descriptor: Int32, _ deadline: ContinuousClock.Instant) throws(Failure) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while answer.count < OperationsLimits.answerBytes {
            guard wait(descriptor, Int16(POLLIN), deadline) else { throw Failure("no answer from \(host):\(port)") }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { break }
            guard count > 0 else { throw Failure("\(host):\(port) closed the connection") }
            answer += buffer[..<count]
        }
        return answer
    }

    private static func parse(_ bytes: [UInt8]) throws(Failure) -> Answer {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let head = text.firstRange(of: "\r\n\r\n"), let line = text.split(separator: "\r\n").first,
            let match = line.firstMatch(of: /^HTTP\/1\.[01] (\d{3})/), let status = Int(match.1)
        else { throw Failure("the answer is not HTTP") }
        return Answer(status: status, body: String(text[head.upperBound...]))
    }
}
