import NIOConcurrencyHelpers
package import NIOCore

/// The state that the connections of one event loop share: a task executor that keeps the jobs of handlers on the loop,
/// and the list of connections that have output.
///
/// Jobs that arise while a batch of frames is being read run at the end of that batch, before its one flush. So the
/// replies of asynchronous handlers leave in the same write as those of synchronous handlers.
package final class HTTP2LoopContext: TaskExecutor, @unchecked Sendable {
    /// A connection as its event loop sees it. All functions are called on the event loop.
    package protocol Connection: AnyObject {
        /// Sends the connection's output, as far as the socket takes it. Called at the end of a turn, never inside a
        /// callback of libnghttp2.
        func flushNow()

        /// Checks the connection's timeouts. Called at each tick of the loop.
        func tick()

        /// Begins the graceful close; `reason` is for the log.
        func drain(reason: String)
    }

    // Sendable because everything but the inbox, which has a lock, is used on the event loop only.
    package let eventLoop: any EventLoop
    private let inbox = NIOLockedValueBox(Inbox())

    /// The memory that libnghttp2 allocates for the sessions of this loop.
    let memory = SessionMemory()
    private var work: [Work] = []
    private var flushing: [any Connection] = []
    private var isTurnScheduled = false
    private var isBatching = false
    private(set) var connections: [ObjectIdentifier: any Connection] = [:]
    private var ticker: RepeatedTask?
    private var whenEmpty: EventLoopPromise<Void>?
    private var idle: [HandlerTask] = []
    /// Empty arrays whose memory the next request uses.
    private var spareBytes: [[UInt8]] = []

    /// Pieces of work that one turn runs before the loop reads its sockets again, so that a task that always yields
    /// does not stop the connections.
    private static let piecesPerTurn = 4_096

    /// Tasks that wait for a handler, of about 2 KiB each. A further task ends with its handler.
    private static let idleTasks = 256

    /// Arrays that are kept for the next requests, and the bytes beyond which an array is freed instead: 1 MiB in all.
    private static let spareArrays = 256
    private static let largestSpareBytes = 4_096

    private struct Inbox {
        var work: [Work] = []
    }

    /// What a turn runs.
    private enum Work {
        /// A step of a handler's task.
        case job(UnownedJob)
        /// The answer of a handler that has no task.
        case call(@Sendable () -> Void)
        /// A piece that was run.
        case nothing
    }

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    // MARK: - Work

    /// Takes a job of a handler's task, from any thread; the job runs in the next turn.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if eventLoop.inEventLoop {
            work.append(.job(job))
            scheduleTurn()
        } else {
            deliver(.job(job))
        }
    }

    /// Calls `body` on the event loop: at once if this is its thread, otherwise in the next turn.
    func call(_ body: @escaping @Sendable () -> Void) {
        if eventLoop.inEventLoop { body() } else { deliver(.call(body)) }
    }

    /// Takes work from another thread. Only the first piece wakes the event loop.
    private func deliver(_ piece: Work) {
        let isFirst = inbox.withLockedValue { inbox in
            inbox.work.append(piece)
            return inbox.work.count == 1
        }
        if isFirst { eventLoop.execute { self.turn() } }
    }

    /// Calls `body` and runs the job that it enqueued at once, instead of in the next turn.
    func runAtOnce(_ body: () -> Void) {
        let waiting = work.count
        body()
        if work.count > waiting, let last = work.popLast() { run(last) }
    }

    private func run(_ piece: Work) {
        switch piece {
        case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
        case .call(let body): body()
        case .nothing: break
        }
    }

    /// Notes that the frames of one read are being processed. The caller must call `turn()` afterwards.
    package func beginBatch() {
        isBatching = true
    }

    /// Runs the waiting jobs, then flushes the connections that have output; again until neither is left or the turn
    /// has run its share of jobs.
    package func turn() {
        isTurnScheduled = false
        isBatching = true
        var budget = Self.piecesPerTurn
        repeat {
            takeInbox()
            budget -= runWork(atMost: budget) + 1
            flushConnections()
        } while budget > 0 && !(work.isEmpty && flushing.isEmpty)
        isBatching = false
        if !(work.isEmpty && flushing.isEmpty) { scheduleTurn() }
    }

    private func takeInbox() {
        inbox.withLockedValue { inbox in
            guard !inbox.work.isEmpty else { return }
            // Usually nothing waits, and the arrays change places without a copy.
            if work.isEmpty {
                swap(&work, &inbox.work)
            } else {
                work.append(contentsOf: inbox.work)
                inbox.work.removeAll(keepingCapacity: true)
            }
        }
    }

    private func runWork(atMost limit: Int) -> Int {
        var index = 0
        while index < work.count, index < limit {
            // The piece leaves the array before it is run, because its release may end objects that enqueue work.
            let piece = work[index]
            work[index] = .nothing
            index += 1
            run(piece)
        }
        if index == work.count { work.removeAll(keepingCapacity: true) } else { work.removeFirst(index) }
        return index
    }

    private func scheduleTurn() {
        guard !isTurnScheduled, !isBatching else { return }
        isTurnScheduled = true
        eventLoop.execute { self.turn() }
    }

    // MARK: - Handlers

    /// Runs a handler on the event loop, at once until it first waits.
    package func run(_ work: @escaping HTTP2HandlerRun.Work) -> HTTP2HandlerRun {
        (idle.popLast() ?? HandlerTask(context: self)).start(work)
    }

    /// Whether a task should wait for the next handler when its handler has returned.
    var hasRoomForIdle: Bool { idle.count < Self.idleTasks && !connections.isEmpty }

    /// Keeps a task for the next handler.
    func park(_ task: HandlerTask) {
        idle.append(task)
    }

    // MARK: - Memory

    /// An empty array, with memory if there is some to spare.
    func takeSpareBytes() -> [UInt8] { spareBytes.popLast() ?? [] }

    /// Keeps an array's memory for `takeSpareBytes`. The caller must hold the only reference.
    func keepSpareBytes(_ bytes: consuming [UInt8]) {
        guard spareBytes.count < Self.spareArrays, 1...Self.largestSpareBytes ~= bytes.capacity else { return }
        bytes.removeAll(keepingCapacity: true)
        spareBytes.append(bytes)
    }

    // MARK: - Flushing

    /// Puts a connection on the list of connections that are flushed at the end of the turn. The caller does so once
    /// per flush.
    package func needsFlush(_ connection: any Connection) {
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

    /// Adds a connection, and starts the ticks with the first one. `tick` is the time between two ticks.
    package func add(_ connection: any Connection, tick: TimeAmount) {
        connections[ObjectIdentifier(connection)] = connection
        if ticker == nil {
            // A strong reference until the last connection is removed: a weak one would slow every retain of this
            // object.
            ticker = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in self.tick() }
        }
    }

    /// Removes a connection; with the last one the ticks and the waiting tasks end.
    package func remove(_ connection: any Connection) {
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

    /// Begins the graceful close of every connection. The future succeeds when no connection is left.
    package func drain(reason: String) -> EventLoopFuture<Void> {
        guard !connections.isEmpty else { return eventLoop.makeSucceededVoidFuture() }
        let promise = whenEmpty ?? eventLoop.makePromise()
        whenEmpty = promise
        for connection in Array(connections.values) { connection.drain(reason: reason) }
        turn()
        return promise.futureResult
    }
}
