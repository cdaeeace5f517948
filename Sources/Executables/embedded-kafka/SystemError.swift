import Glibc

/// A system call that failed.
struct SystemError: Error, CustomStringConvertible {
    let description: String

    /// Takes the reason from `errno`.
    init(_ doing: String) {
        description = "\(doing): \(String(cString: strerror(errno)))"
    }

    init(_ doing: String, reason: String) {
        description = "\(doing): \(reason)"
    }
}
