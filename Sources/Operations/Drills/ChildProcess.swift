import Glibc
import Synchronization
import Threads

/// A process that a drill starts, signals by pid and waits for.
///
/// The kernel kills it when the thread that started it ends (`setpriv --pdeathsig`), so that nothing outlives a drill,
/// however that ends. Its output goes to a file.
final class ChildProcess: Sendable {
    let name: String
    let pid: pid_t
    let log: String
    private let state = Mutex<Int32?>(nil)
    private let ended: WakeDescriptor
    private let waiter: ThreadExecutor
    /// Of its standard input, for a process that ends with it; -1 without one.
    private let input: Int32

    /// - Parameters:
    ///   - command: a path and its arguments.
    ///   - environment: all of it.
    ///   - user: whom the process becomes, by options of setpriv.
    init(
        _ name: String, _ command: [String], environment: [String: String], log: String, as user: [String] = [],
        hasInput: Bool = false
    ) throws {
        self.name = name
        self.log = log
        ended = try WakeDescriptor()
        waiter = try ThreadExecutor(name: "wait-\(name)")
        var ends: [Int32] = [-1, -1]
        if hasInput {
            guard pipe(&ends) == 0 else { throw SystemError("cannot make a pipe for \(name)") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        input = ends[1]
        defer { if hasInput { close(ends[0]) } }
        // A preloaded library would begin as the user from before, and later not be allowed what it began.
        let preload = environment["LD_PRELOAD"].map { ["/usr/bin/env", "LD_PRELOAD=\($0)"] } ?? []
        pid = try Self.spawn(
            ["/usr/bin/setpriv"] + user + ["--pdeathsig", "KILL", "--"] + preload + command,
            environment.filter { $0.key != "LD_PRELOAD" }, log, input: ends[0])
        let pid = pid
        waiter.submit { [self] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            // As shells tell it: 128 and the signal's number for a process that a signal ended.
            state.withLock { $0 = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F) }
            ended.wake()
            waiter.shutdown()
        }
    }

    private static func spawn(_ command: [String], _ environment: [String: String], _ log: String, input: Int32) throws
        -> pid_t
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if input >= 0 {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of the pool block what a service must hear: SIGTERM.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = command.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, command[0], &actions, &attributes, &arguments, &variables)
        guard status == 0 else { throw SystemError("cannot start \(command.joined(separator: " "))", errno: status) }
        return pid
    }

    deinit { if input >= 0 { close(input) } }

    var isRunning: Bool { state.withLock { $0 == nil } }

    /// SIGCONT.
    func resume() { signal(SIGCONT) }

    func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }

    /// The exit code, 128 + n after signal n.
    ///
    /// - Throws: ``DrillError`` if the process does not end in time.
    @discardableResult
    func exit(within seconds: Int = DrillLimits.stopSeconds) throws -> Int32 {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let code = state.withLock({ $0 }) { return code }
            guard .now < deadline else { throw DrillError("\(name) did not end within \(seconds) s") }
            ended.waitWithoutTaking(until: deadline)
        }
    }

    /// `kill -9`, and the end of the process.
    func kill9() throws {
        signal(SIGKILL)
        try exit()
    }

    /// Sends a line to its standard input.
    func send(_ line: String) throws {
        let bytes = Array((line + "\n").utf8)
        guard write(input, bytes, bytes.count) == bytes.count else { throw SystemError("cannot write to \(name)") }
    }

    /// What the process has written that begins so, up to the end of the line; nil if it has not.
    func line(beginning text: String) -> String? {
        LogFile.lines(of: log).first { $0.hasPrefix(text) }.map { String($0.dropFirst(text.count)) }
    }

    /// All lines that begin with one of these.
    func lines(beginning words: [String]) -> [String] {
        LogFile.lines(of: log).map { String($0) }.filter { line in words.contains { line.hasPrefix($0) } }
    }
}
