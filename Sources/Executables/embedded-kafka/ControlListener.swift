import Glibc
import Threads

/// The listening control socket; closing it also removes its path.
final class ControlListener {
    let descriptor: Int32
    /// The path, or host and port, with the port that the system chose.
    let description: String
    private let path: String?

    /// - Throws: `SystemError` that names the variable to change.
    init(_ address: ControlAddress) throws(SystemError) {
        switch address {
        case .path(let path):
            try Self.removeStale(path)
            descriptor = try Self.open(AF_UNIX)
            self.path = path
            description = path
            var name = Self.socketAddress(path)
            try Self.bind(descriptor, &name, "EMBEDDED_KAFKA_CONTROL: cannot listen on \(path)")
        case .loopback(let port):
            descriptor = try Self.open(AF_INET)
            path = nil
            var reuse: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            try Self.bind(descriptor, &name, "EMBEDDED_KAFKA_CONTROL: cannot listen on 127.0.0.1:\(port)")
            description = "127.0.0.1:\(Self.port(of: descriptor))"
        }
    }

    deinit {
        close(descriptor)
        if let path { unlink(path) }
    }

    /// The next waiting connection, or nil.
    func accept() -> Int32? {
        let client = Glibc.accept(descriptor, nil, nil)
        guard client >= 0 else { return nil }
        Self.prepare(client)
        return client
    }

    private static func open(_ family: Int32) throws(SystemError) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        prepare(descriptor)
        return descriptor
    }

    private static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    private static func bind<Name>(_ descriptor: Int32, _ name: inout Name, _ doing: String) throws(SystemError) {
        let size = socklen_t(MemoryLayout<Name>.size)
        let bound = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, size) }
        }
        guard bound == 0, listen(descriptor, 16) == 0 else {
            let error = SystemError(doing)
            close(descriptor)
            throw error
        }
    }

    private static func port(of descriptor: Int32) -> UInt16 {
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return UInt16(bigEndian: name.sin_port)
    }

    /// The length was checked when the setting was read.
    private static func socketAddress(_ path: String) -> sockaddr_un {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return name
    }

    /// Removes the socket that a killed process left behind. A socket on which a process listens stays.
    private static func removeStale(_ path: String) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemError(
                "EMBEDDED_KAFKA_CONTROL: cannot listen on \(path)", reason: "there is a file of that name")
        }
        let probe = try open(AF_UNIX)
        defer { close(probe) }
        var name = socketAddress(path)
        let connected = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if connected == 0 {
            throw SystemError(
                "EMBEDDED_KAFKA_CONTROL: cannot listen on \(path)", reason: "another process does already")
        }
        unlink(path)
    }
}
