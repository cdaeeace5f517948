import Glibc

/// A system call that failed: the attempt, and the kernel's reason.
///
/// The one place that turns `errno` into text.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line such as `cannot read /etc/x: Permission denied`. It holds the caller's text.
    public let description: String

    /// Takes the reason from `errno`, as the calling thread's last failed call left it.
    ///
    /// - Parameter attempt: the failure in the caller's words, as in `cannot read /etc/x`.
    public init(_ attempt: String) {
        self.init(attempt, errno: errno)
    }

    /// - Parameter code: an `errno` value.
    public init(_ attempt: String, errno code: Int32) {
        self.init(attempt, reason: String(cString: strerror(code)))
    }

    /// For a failure that the caller found and the kernel did not.
    public init(_ attempt: String, reason: String) {
        description = "\(attempt): \(reason)"
    }
}
