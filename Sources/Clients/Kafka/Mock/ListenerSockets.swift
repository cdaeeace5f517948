import Glibc

/// Finds the listening sockets of mock brokers, which librdkafka creates and does not show.
enum ListenerSockets {
    /// Descriptors looked at; the brokers' listeners are among the first that a process opens.
    private static let maximumDescriptor: Int32 = 4096

    /// Lets the brokers answer at once. A mock broker answers each request by a write of its own, and with Nagle's
    /// algorithm the second of two small answers waits for the client's delayed acknowledgement of the first: 40 ms.
    /// Real brokers set TCP_NODELAY, too. On Linux an accepted socket inherits it from its listener.
    static func disableNagle(ports: Set<UInt16>) {
        for descriptor in 0..<maximumDescriptor
        where isListening(descriptor) && ports.contains(port(of: descriptor) ?? 0) {
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var accepts: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) == 0 && accepts == 1
    }

    private static func port(of descriptor: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard status == 0, Int32(address.sin_family) == AF_INET else { return nil }
        return UInt16(bigEndian: address.sin_port)
    }
}
