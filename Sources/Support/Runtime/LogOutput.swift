import Glibc
import Synchronization
import Threads

/// The way of log lines to a descriptor: a bounded buffer, and a thread of its own that writes it.
///
/// ``append(_:)`` never blocks. A reader that stands still fills the buffer; further lines are dropped and counted, and
/// a line about them is written when lines are taken again. A write that fails, as on a full disk, is tried again after
/// a pause.
///
/// The descriptor keeps its flags: `O_NONBLOCK` would also reach the processes that share it. The thread polls before
/// each write, and may block in a write when another process fills the pipe in between.
final class LogOutput: Sendable {
    /// The bounds of the buffer.
    struct Bounds {
        var bytes = RuntimeLimits.logBufferBytes
        var lines = RuntimeLimits.logBufferLines
    }

    /// Lines that were dropped in a row.
    struct Gap: Equatable {
        var lines: Int
        /// RFC 3339: the time of the first dropped line.
        let since: String
    }

    fileprivate struct State {
        /// Whole lines that the thread has not taken yet.
        var waiting: [UInt8] = []
        var waitingLines = 0
        /// The lines that the thread is writing; they count against the bounds.
        var takenBytes = 0
        var takenLines = 0
        /// Lines dropped since the last line about dropped lines.
        var gap: Gap?
        var isFinishing = false
        /// Whether the thread waits for a line, so that ``work`` must be woken.
        var isAsleep = false
    }

    private let descriptor: Int32
    private let bounds: Bounds
    private let note: @Sendable (Gap) -> String
    private let attemptFailed: @Sendable (Int32) -> Void
    private let thread: ThreadExecutor
    private let work: WakeDescriptor
    /// Woken once, when the thread has ended.
    private let ended: WakeDescriptor
    private let state = Mutex(State())
    private let dropped = Atomic(0)
    private let failed = Atomic(0)

    /// Starts the thread, which lives until ``finish()``. The descriptor must stay open for as long.
    ///
    /// - Parameters:
    ///   - note: makes the line about dropped lines, with its line end.
    ///   - attemptFailed: is told of each failed write with its `errno`, on the log's thread.
    /// - Throws: when the process has no thread or no descriptor left.
    init(
        _ descriptor: Int32, bounds: Bounds = Bounds(), note: @escaping @Sendable (Gap) -> String,
        attemptFailed: @escaping @Sendable (Int32) -> Void = { _ in }
    ) throws {
        self.descriptor = descriptor
        self.bounds = bounds
        self.note = note
        self.attemptFailed = attemptFailed
        work = try WakeDescriptor()
        ended = try WakeDescriptor()
        thread = try ThreadExecutor(name: "log")
        thread.submit { [self] in
            writeUntilFinished()
            ended.wake()
        }
    }

    /// Lines dropped since the start.
    var droppedLines: Int { dropped.load(ordering: .relaxed) }
    /// Writes that failed since the start.
    var failedWrites: Int { failed.load(ordering: .relaxed) }

    /// Queues a line, or drops and counts it when the buffer is full. Never blocks on the output.
    ///
    /// - Parameter line: with its line end.
    func append(_ line: String) {
        let mustWake = state.withLock { state in
            guard !state.isFinishing, state.hasRoom(for: line, in: bounds) else {
                state.drop()
                dropped.wrappingAdd(1, ordering: .relaxed)
                return state.wakes()
            }
            state.fillGap(note)
            state.add(line)
            return state.wakes()
        }
        if mustWake { work.wake() }
    }

    /// Writes the waiting lines and ends the thread. Later lines are dropped.
    ///
    /// Blocks the caller, at most for `RuntimeLimits.logStall` when the output takes no byte and at most for
    /// `RuntimeLimits.logFlush` when it is slow: for the end of a process.
    func finish() {
        state.withLock { $0.isFinishing = true }
        work.wake()
        ended.waitWithoutTaking(until: .now + RuntimeLimits.logFlush)
        thread.shutdown()
    }

    // MARK: - The thread

    private func writeUntilFinished() {
        while let lines = take() {
            guard write(lines[...]) else { return }
        }
    }

    /// Waits for lines and takes all of them; nil when the output is finished and everything was written.
    private func take() -> [UInt8]? {
        while true {
            let (lines, isFinishing) = state.withLock { state in
                let lines = state.take(note)
                state.isAsleep = lines.isEmpty
                return (lines, state.isFinishing)
            }
            if !lines.isEmpty { return lines }
            if isFinishing { return nil }
            work.wait(until: nil)
        }
    }

    /// Writes all of it; false when the end of the process does not wait for the rest.
    private func write(_ lines: ArraySlice<UInt8>) -> Bool {
        var rest = lines
        var backoff = Backoff(first: RuntimeLimits.firstLogRetry, longest: RuntimeLimits.longestLogRetry)
        while !rest.isEmpty {
            guard isWritable() else { return false }
            switch DescriptorOutput.write(rest, to: descriptor) {
            case .wrote(let count):
                rest = rest.dropFirst(count)
                backoff.succeeded()
            case .failed(let code):
                failed.wrappingAdd(1, ordering: .relaxed)
                attemptFailed(code)
                guard !isFinishing else { return false }
                // Only the end of the process wakes the thread here.
                work.wait(until: .now + backoff.failed())
            }
        }
        return true
    }

    /// Waits until the descriptor takes bytes or is in error; false when the process ends and the output stands still.
    private func isWritable() -> Bool {
        while true {
            let deadline = isFinishing ? ContinuousClock.now + RuntimeLimits.logStall : nil
            var descriptors = [
                pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: work.fileDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            switch PollLoop.wait(&descriptors, until: deadline) {
            case .timedOut: return false
            // The write, which may block, is the only attempt left.
            case .failed: return !isFinishing
            case .ready:
                if descriptors[0].revents != 0 { return true }
                work.drain()
            }
        }
    }

    private var isFinishing: Bool { state.withLock { $0.isFinishing } }
}

// MARK: - Buffer

extension LogOutput.State {
    func hasRoom(for line: String, in bounds: LogOutput.Bounds) -> Bool {
        takenLines + waitingLines < bounds.lines && takenBytes + waiting.count + line.utf8.count <= bounds.bytes
    }

    mutating func add(_ line: String) {
        waiting.append(contentsOf: line.utf8)
        waitingLines += 1
    }

    /// Whether the thread must be woken; it is awake from now on.
    mutating func wakes() -> Bool {
        defer { isAsleep = false }
        return isAsleep
    }

    /// Counts a line that is not taken.
    mutating func drop() {
        if gap == nil { gap = LogOutput.Gap(lines: 0, since: LogLine.now()) }
        gap?.lines += 1
    }

    /// Adds the line about dropped lines, in the place of these.
    mutating func fillGap(_ note: (LogOutput.Gap) -> String) {
        guard let gap else { return }
        add(note(gap))
        self.gap = nil
    }

    /// Everything that waits, the line about dropped lines at its end. What was taken before counts as written.
    mutating func take(_ note: (LogOutput.Gap) -> String) -> [UInt8] {
        (takenBytes, takenLines) = (0, 0)
        fillGap(note)
        (takenBytes, takenLines) = (waiting.count, waitingLines)
        defer { (waiting, waitingLines) = ([], 0) }
        return waiting
    }
}
