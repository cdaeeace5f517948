import NIOConcurrencyHelpers
import NIOCore

/// What the connections of one event loop share: a task executor that keeps a handler's jobs on the loop, and the list
/// of connections that have something to flush.
///
/// Jobs that arise while a batch of frames is being read are run at the end of that batch, before its one flush: the
/// replies of asynchronous handlers then leave in the same write as those of synchronous ones.
final class HTTP2LoopContext: TaskExecutor, @unchecked Sendable {
    // Not marked Sendable by the compiler because the fields below the line belong to the event loop alone.
    let eventLoop: any EventLoop
    private let inbox = NIOLockedValueBox(Inbox())

    // ---- touched on the event loop only ----
    /// What libnghttp2 allocates for the sessions of this loop.
    let memory = SessionMemory()
    private var jobs: [UnownedJob] = []
    private var flushing: [HTTP2ConnectionHandler] = []
    private var isTurnScheduled = false
    private var isBatching = false
    private(set) var connections: [ObjectIdentifier: HTTP2ConnectionHandler] = [:]
    private var ticker: RepeatedTask?
    private var whenEmpty: EventLoopPromise<Void>?
    private var idle: [HandlerTask] = []

    /// Jobs run in one turn before the loop gets to look at its sockets again: a task that yields for ever starves
    /// nobody.
    private static let jobsPerTurn = 4_096

    /// Tasks that wait for a handler to run, each of about 2 KiB; further ones end with their handler.
    private static let idleTasks = 256

    private struct Inbox {
        var jobs: [UnownedJob] = []
    }

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    // MARK: - Jobs

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if eventLoop.inEventLoop {
            jobs.append(job)
            scheduleTurn()
        } else {
            let isFirst = inbox.withLockedValue { inbox in
                inbox.jobs.append(job)
                return inbox.jobs.count == 1
            }
            if isFirst { eventLoop.execute { self.turn() } }
        }
    }

    /// Runs the job that `body` enqueues before it returns, in place of leaving it to the turn.
    func runAtOnce(_ body: () -> Void) {
        let waiting = jobs.count
        body()
        if jobs.count > waiting, let job = jobs.popLast() { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Frames of one read are being processed; `turn()` follows without fail.
    func beginBatch() {
        isBatching = true
    }

    /// Runs the waiting jobs, then flushes every connection that has output.
    func turn() {
        isTurnScheduled = false
        isBatching = true
        var budget = Self.jobsPerTurn
        repeat {
            takeInbox()
            budget -= runJobs(atMost: budget) + 1
            flushConnections()
        } while budget > 0 && !(jobs.isEmpty && flushing.isEmpty)
        isBatching = false
        if !(jobs.isEmpty && flushing.isEmpty) { scheduleTurn() }
    }

    private func takeInbox() {
        inbox.withLockedValue { inbox in
            guard !inbox.jobs.isEmpty else { return }
            jobs.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: true)
        }
    }

    private func runJobs(atMost limit: Int) -> Int {
        var index = 0
        while index < jobs.count, index < limit {
            let job = jobs[index]
            index += 1
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        if index == jobs.count { jobs.removeAll(keepingCapacity: true) } else { jobs.removeFirst(index) }
        return index
    }

    private func scheduleTurn() {
        guard !isTurnScheduled, !isBatching else { return }
        isTurnScheduled = true
        eventLoop.execute { self.turn() }
    }

    // MARK: - Handlers

    /// Runs a handler on the event loop, at once until it first waits.
    func run(_ work: @escaping HTTP2HandlerRun.Work) -> HTTP2HandlerRun {
        (idle.popLast() ?? HandlerTask(context: self)).start(work)
    }

    var hasRoomForIdle: Bool { idle.count < Self.idleTasks && !connections.isEmpty }

    /// Keeps a task for the next handler.
    func park(_ task: HandlerTask) {
        idle.append(task)
    }

    // MARK: - Flushing

    /// Puts a connection on the list of those to flush at the end of the turn.
    func needsFlush(_ connection: HTTP2ConnectionHandler) {
        flushing.append(connection)
        scheduleTurn()
    }

    private func flushConnections() {
        var index = 0
        while index < flushing.count {
            flushing[index].flushNow()
            index += 1
        }
        flushing.removeAll(keepingCapacity: true)
    }

    // MARK: - Connections

    func add(_ connection: HTTP2ConnectionHandler, tick: TimeAmount) {
        connections[ObjectIdentifier(connection)] = connection
        if ticker == nil {
            // A strong reference, until the last connection goes: a weak one would slow every retain of this object.
            ticker = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in self.tick() }
        }
    }

    func remove(_ connection: HTTP2ConnectionHandler) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        ticker?.cancel()
        ticker = nil
        for task in idle { task.end() }
        idle = []
        whenEmpty?.succeed()
        whenEmpty = nil
    }

    private func tick() {
        for connection in Array(connections.values) { connection.tick() }
        turn()
    }

    /// Begins the graceful close of every connection; the future ends when none is left.
    func drain(reason: String) -> EventLoopFuture<Void> {
        guard !connections.isEmpty else { return eventLoop.makeSucceededVoidFuture() }
        let promise = whenEmpty ?? eventLoop.makePromise()
        whenEmpty = promise
        for connection in Array(connections.values) { connection.drain(reason: reason) }
        turn()
        return promise.futureResult
    }
}
