import Glibc
import Threads

/// A small file system in memory that only some processes see: a mount namespace that ends with its processes, so that
/// nothing is left on the machine. Needs root.
final class SmallDisk {
    /// Where processes of the namespace find it.
    let folder: String
    private let keeper: ChildProcess
    private static let filler = "filler"

    /// - Parameters:
    ///   - folder: is made.
    ///   - log: of the process that keeps the namespace.
    init(_ folder: String, megabytes: Int, log: String) throws {
        self.folder = folder
        guard mkdir(folder, 0o755) == 0 else { throw SystemError("cannot make \(folder)") }
        keeper = try ChildProcess(
            "small-disk",
            [
                "/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c",
                "mount -t tmpfs -o size=\(megabytes)m,mode=0777,uid=$(id -u postgres) drill \"$0\" "
                    + "&& touch \"$0/ready\" "
                    + "&& exec sleep infinity",
                folder,
            ], environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], log: log)
        let (keeper, ready) = (keeper, path("ready"))
        try Patience.until("a small file system") {
            guard keeper.isRunning else { throw DrillError("a file system cannot be mounted, see \(log)") }
            return access(ready, F_OK) == 0
        }
    }

    /// What a command begins with that is to see the file system.
    var prefix: [String] { ["/usr/bin/nsenter", "--target", "\(keeper.pid)", "--mount", "--"] }

    /// A file of it, as seen from outside of the namespace.
    private func path(_ name: String) -> String { "/proc/\(keeper.pid)/root\(folder)/\(name)" }

    /// Leaves no byte free.
    func fill() throws {
        let file = open(path(Self.filler), O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard file >= 0 else { throw SystemError("cannot fill a disk") }
        defer { close(file) }
        // Large pieces first, then what is left of the last one.
        for size in [1 << 20, 4 << 10, 1] {
            let bytes = [UInt8](repeating: 0, count: size)
            while write(file, bytes, size) > 0 {}
        }
        guard errno == ENOSPC else { throw SystemError("cannot fill a disk") }
    }

    /// Gives everything back that ``fill()`` took.
    func empty() throws {
        guard unlink(path(Self.filler)) == 0 else { throw SystemError("cannot empty a disk") }
    }

    deinit { end() }

    /// The file system goes with the last process that sees it.
    func end() {
        keeper.signal(SIGKILL)
        _ = try? keeper.exit()
    }
}
