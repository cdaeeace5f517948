/// Where the control socket listens: only reachable from this machine, since it takes orders from anybody.
enum ControlAddress: Equatable {
    /// A Unix-domain socket at this path.
    case path(String)
    /// TCP on 127.0.0.1; port 0 asks the system for a free one.
    case loopback(port: UInt16)

    /// The kernel's `sun_path` has 108 bytes, one of them for the end.
    static let longestPathBytes = 107

    struct Malformed: Error {
        let message: String
    }

    init(_ text: String) throws(Malformed) {
        if text.contains("/") {
            guard text.utf8.count <= Self.longestPathBytes else {
                throw Malformed(
                    message: "a socket path ends at \(Self.longestPathBytes) bytes, this one has \(text.utf8.count); "
                        + "use a shorter path, or 127.0.0.1:PORT")
            }
            self = .path(text)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "127.0.0.1" || parts[0] == "localhost", let port = UInt16(parts[1]) else {
            throw Malformed(message: "'\(text)' is neither a path with a / nor 127.0.0.1:PORT")
        }
        self = .loopback(port: port)
    }
}
