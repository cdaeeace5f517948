import Glibc
import Threads

/// The sockets of a link.
enum LinkSocket {
    /// Where a link listens for connections to one server.
    struct Door {
        let descriptor: Int32
        /// On 127.0.0.1.
        let port: Int
        /// `host:port` of the server.
        let server: String

        init(to server: String) throws {
            self.server = server
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let status = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                    bind(descriptor, raw, length) == 0 && listen(descriptor, 128) == 0
                        ? getsockname(descriptor, raw, &length) : -1
                }
            }
            guard status == 0 else { throw SystemError("a link cannot listen") }
            port = Int(UInt16(bigEndian: address.sin_port))
        }
    }

    static func accept(_ door: Door) -> Int32? {
        let client = Glibc.accept(door.descriptor, nil, nil)
        guard client >= 0 else { return nil }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        withoutDelay(client)
        return client
    }

    /// A connection to a door's server that may still be under way; nil if there is none.
    static func connect(_ door: Door) -> Int32? {
        let words = door.server.split(separator: ":")
        guard words.count == 2 else { return nil }
        var hints = addrinfo()
        (hints.ai_family, hints.ai_socktype) = (AF_INET, Int32(SOCK_STREAM.rawValue))
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(String(words[0]), String(words[1]), &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let server = socket(AF_INET, kind, 0)
        guard server >= 0 else { return nil }
        withoutDelay(server)
        guard Glibc.connect(server, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 || errno == EINPROGRESS else {
            close(server)
            return nil
        }
        return server
    }

    private static func withoutDelay(_ descriptor: Int32) {
        var flag: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &flag, socklen_t(MemoryLayout<Int32>.size))
    }
}
