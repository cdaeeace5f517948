/// Every bound of a process and its log, with its unit in the name or the type.
enum RuntimeLimits {
    /// Bytes of log lines that wait for the output, line ends included. A line beyond it is dropped and counted.
    static let logBufferBytes = 1024 * 1024
    /// Log lines that wait for the output. A line beyond it is dropped and counted.
    static let logBufferLines = 10_000
    /// Bytes of one `write`. POSIX calls it PIPE_BUF: a pipe that polls as writable takes so many without blocking, and
    /// lines of several processes do not mix.
    static let logWriteBytes = 4096
    /// The pause after the first failed write, for example on a full disk; it doubles up to ``longestLogRetry``.
    static let firstLogRetry: Duration = .milliseconds(100)
    /// The longest pause between two attempts to write.
    static let longestLogRetry: Duration = .seconds(5)
    /// How long the end of the process waits for an output that takes no byte.
    static let logStall: Duration = .milliseconds(500)
    /// How long the end of the process waits for the log altogether, while the output takes bytes.
    static let logFlush: Duration = .seconds(2)
    /// Open files to which the soft limit is raised, if the hard limit allows it.
    static let openFiles = 65_536
    /// Connections of a listening socket, however low the limit on open files is.
    static let leastConnections = 8
}
