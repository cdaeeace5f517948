import Glibc

/// `outbox-relay adopt` and `outbox-relay role` of earlier releases: outboxctl, which is installed beside the relay,
/// has these commands.
enum OutboxctlAliases {
    private static let commands: Set = ["adopt", "role"]

    /// Replaces this process by outboxctl, from the folder of this executable, else from the PATH, if the first
    /// argument is a command that moved. Without an outboxctl it ends the process with the status of a shell that does
    /// not find a command.
    static func runIfMoved(_ arguments: [String]) {
        guard let command = arguments.first, commands.contains(command) else { return }
        complain("outbox-relay \(command) has moved: use outboxctl \(command)")
        var words = (["outboxctl"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        if let folder { execv(folder + "/outboxctl", &words) }
        execvp("outboxctl", &words)
        complain("outboxctl is neither beside outbox-relay nor in the PATH: install it from the same release")
        exit(127)
    }

    /// The folder of this executable.
    private static var folder: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        guard length > 0 else { return nil }
        let path = buffer[..<length].map { UInt8(bitPattern: $0) }
        return path.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: path[..<$0], as: UTF8.self) }
    }

    /// Writes a line to standard error.
    private static func complain(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
