import Foundation

/// Listens on a port of all addresses, so that nobody else can.
public final class PortHolder: Sendable {
    public let port: Int
    private let descriptor: Int32

    public init() throws {
        port = try FreePort.next()
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("socket failed: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0, listen(descriptor, 1) == 0 else {
            throw TestFailure("cannot hold port \(port): errno \(errno)")
        }
    }

    deinit {
        close(descriptor)
    }
}
