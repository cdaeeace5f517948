import ArgumentParser
import Glibc

/// `outbox-relay adopt` of earlier releases: runs `outboxctl adopt`.
struct AdoptAlias: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Moved to outboxctl adopt.", shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough)
    var arguments: [String] = []

    func run() throws { throw Outboxctl.run("adopt", arguments) }
}

/// `outbox-relay role` of earlier releases: runs `outboxctl role`.
struct RoleAlias: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Moved to outboxctl role.", shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough)
    var arguments: [String] = []

    func run() throws { throw Outboxctl.run("role", arguments) }
}

/// The operator's tool, which is installed beside the relay.
private enum Outboxctl {
    /// Replaces this process by outboxctl: from the folder of this executable, else from the PATH.
    ///
    /// - Returns: only when there is no outboxctl: the status of a shell that does not find a command.
    static func run(_ command: String, _ arguments: [String]) -> ExitCode {
        complain("outbox-relay \(command) has moved: use outboxctl \(command)")
        var words = (["outboxctl", command] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        if let folder { execv(folder + "/outboxctl", &words) }
        execvp("outboxctl", &words)
        complain("outboxctl is neither beside outbox-relay nor in the PATH: install it from the same release")
        return ExitCode(127)
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
