import Foundation
import TestKit

/// A real process under test: started, signalled by pid, waited for. It ends with the test process, however that ends.
final class ManagedProcess: @unchecked Sendable {
    let name: String
    let pid: pid_t
    private let keeper: Process
    private let input: FileHandle
    /// Guards the three below; signalled when a line or the end arrives.
    private let condition = NSCondition()
    private var lines: [String] = []
    private var exitCode: Int32?
    private var unread: [UInt8] = []

    /// Runs the command as a child, kills it when standard input closes, tells its pid and its exit code. The kernel
    /// closes the pipe of a test process that crashed, so nothing is left running.
    private static let keeperScript = """
        exec 3<&0
        "$@" </dev/null 3<&- 2>&1 &
        child=$!
        exec 2>/dev/null
        echo "@pid $child"
        { read -r _ <&3; kill -KILL "$child"; } >/dev/null &
        watcher=$!
        wait "$child"
        echo "@exit $?"
        kill "$watcher"
        """

    /// - Parameter environment: added to the test process's own.
    static func start(
        _ executable: URL, _ arguments: [String] = [], environment: [String: String] = [:]
    ) async throws -> ManagedProcess {
        try await onThread { try ManagedProcess(executable, arguments, environment) }
    }

    private init(_ executable: URL, _ arguments: [String], _ environment: [String: String]) throws {
        name = executable.lastPathComponent
        let keeper = Process()
        self.keeper = keeper
        keeper.executableURL = URL(filePath: "/bin/bash")
        keeper.arguments = ["-c", Self.keeperScript, "keeper", executable.path] + arguments
        keeper.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let (input, output) = (Pipe(), Pipe())
        keeper.standardInput = input
        keeper.standardOutput = output
        self.input = input.fileHandleForWriting
        let reading = output.fileHandleForReading
        try Self.withoutBlockedSignals { try keeper.run() }
        var first: [UInt8] = []
        while let byte = try reading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { first.append(byte) }
        let words = String(decoding: first, as: UTF8.self).split(separator: " ")
        guard words.first == "@pid", let pid = words.last.flatMap({ pid_t($0) }) else {
            throw TestFailure("\(name) did not start")
        }
        self.pid = pid
        // A thread and no readability handler: taking such a handler away at the end of the file raced with its event
        // loop.
        Thread.detachNewThread { [weak self] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while case let count = read(reading.fileDescriptor, &buffer, buffer.count),
                count > 0 || count < 0 && errno == EINTR
            {
                self?.receive(buffer[..<max(0, count)])
            }
        }
    }

    /// A child inherits the mask of the thread that starts it, and worker threads block what a service must hear:
    /// SIGTERM.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    private func receive(_ data: ArraySlice<UInt8>) {
        condition.lock()
        defer { condition.unlock() }
        unread += data
        while let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: unread[..<end], as: UTF8.self)
            unread.removeSubrange(...end)
            if line.hasPrefix("@exit ") { exitCode = Int32(line.dropFirst("@exit ".count)) } else { lines.append(line) }
        }
        condition.broadcast()
    }

    /// What the process has written so far.
    var output: [String] {
        condition.lock()
        defer { condition.unlock() }
        return lines
    }

    var isRunning: Bool {
        condition.lock()
        defer { condition.unlock() }
        return exitCode == nil
    }

    /// The time of processors that the process has used, in seconds. Linux counts it in hundredths.
    func cpuSeconds() async throws -> Double {
        let text = try await Command.output(["cat", "/proc/\(pid)/stat"])
        // The name in parentheses may hold spaces; utime and stime are the 12th and 13th field behind it.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw TestFailure("no CPU time of \(name)")
        }
        return (user + system) / 100
    }

    func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }

    /// Closes standard input of the keeper, which kills the process.
    func abandon() {
        try? input.close()
    }

    /// The exit code, 128 + n after signal n.
    ///
    /// - Parameter cause: what the end follows from, for the failure's text: `because it was told to stop`.
    func exit(_ cause: String = "", within limit: Duration = .seconds(60)) async throws -> Int32 {
        try await wait(limit, "did not end within \(limit)\(cause.isEmpty ? "" : " ")\(cause)") { self.exitCode }
    }

    /// The first line that contains `text`.
    func line(containing text: String, within limit: Duration = .seconds(60)) async throws -> String {
        try await wait(limit, "did not write '\(text)'") {
            if let found = self.lines.first(where: { $0.contains(text) }) { return found }
            return try self.nothingIfRunning()
        }
    }

    /// Waits until there are this many lines more than now.
    func writes(_ more: Int, within limit: Duration = .seconds(60)) async throws {
        let wanted = lineCount + more
        try await wait(limit, "did not write \(more) lines") {
            self.lines.count >= wanted ? () : try self.nothingIfRunning()
        }
    }

    private var lineCount: Int {
        condition.lock()
        defer { condition.unlock() }
        return lines.count
    }

    /// Called with the lock held.
    private func nothingIfRunning<T>() throws -> T? {
        guard exitCode == nil else { throw TestFailure(complaint("ended too early")) }
        return nil
    }

    private func wait<T: Sendable>(_ limit: Duration, _ problem: String, _ value: @escaping @Sendable () throws -> T?)
        async throws -> T
    {
        try await onThread {
            let deadline = Date(timeIntervalSinceNow: Double(limit.components.seconds))
            self.condition.lock()
            defer { self.condition.unlock() }
            while true {
                if let value = try value() { return value }
                guard self.condition.wait(until: deadline) else { throw TestFailure(self.complaint(problem)) }
            }
        }
    }

    /// Called with the lock held.
    private func complaint(_ problem: String) -> String {
        "\(name) \(problem); its last output:\n" + lines.suffix(30).joined(separator: "\n")
    }
}
