public import Threads

/// A few connections shared by many callers, each connection on a thread of its own.
///
/// Connections open at first use and are replaced when they were lost. A caller waits for a free one; when
/// `maximumWaiters` wait already, the next is refused at once, so that a slow database does not grow a queue.
public final class PostgresPool: Sendable {
    private let state: PoolState

    /// Starts the threads; connects nowhere yet.
    ///
    /// - Parameters:
    ///   - size: the number of threads, and of connections at most; at least 1.
    ///   - maximumWaiters: callers that may wait for a connection; the next one gets code `pool`.
    /// - Throws: ``ThreadExecutorError`` when the process has no threads left.
    public init(
        _ configuration: PostgresConfiguration, size: Int, maximumWaiters: Int = 1024
    ) throws(ThreadExecutorError) {
        var workers: [PoolWorker] = []
        for number in 0..<max(1, size) {
            workers.append(try PoolWorker(configuration, name: "pg-pool-\(number)"))
        }
        state = PoolState(workers: workers, maximumWaiters: maximumWaiters)
    }

    /// Runs a read with a connection, on that connection's thread.
    ///
    /// A connection that turns out to be dead is replaced, and the read repeated once.
    ///
    /// - Parameter body: must only read: it may run twice.
    /// - Throws: what `body` throws, or ``PostgresError``: code `pool` when too many callers wait or the pool is
    ///   closed, `connection` or `deadline` when a connection cannot be made.
    public func reading<T: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> T
    ) async throws -> T {
        let worker = try await state.acquire()
        do {
            let value = try await worker.run(body)
            await state.release(worker)
            return value
        } catch {
            await state.release(worker)
            throw error
        }
    }

    /// Refuses new callers, lets the running ones finish and ends the threads.
    public func close() async {
        await state.close()
    }
}

/// The free workers, and the callers that wait for one. Only one of the two lists has entries at any time.
private actor PoolState {
    private var free: [PoolWorker]
    private var waiters: [CheckedContinuation<PoolWorker, any Error>] = []
    private let maximumWaiters: Int
    private let size: Int
    private var isClosed = false

    init(workers: [PoolWorker], maximumWaiters: Int) {
        self.free = workers
        self.size = workers.count
        self.maximumWaiters = maximumWaiters
    }

    func acquire() async throws -> PoolWorker {
        guard !isClosed else { throw PostgresError(.pool, "the connection pool is closed") }
        if let worker = free.popLast() { return worker }
        guard waiters.count < maximumWaiters else {
            throw PostgresError(.pool, "\(waiters.count) callers already wait for a Postgres connection")
        }
        return try await withCheckedThrowingContinuation { waiters.append($0) }
    }

    func release(_ worker: PoolWorker) {
        if isClosed {
            worker.shutdown()
        } else if waiters.isEmpty {
            assert(free.count < size, "a worker is released once for each time that it was acquired")
            free.append(worker)
        } else {
            assert(free.isEmpty, "callers wait only while no worker is free")
            waiters.removeFirst().resume(returning: worker)
        }
    }

    func close() {
        isClosed = true
        for waiter in waiters { waiter.resume(throwing: PostgresError(.pool, "the connection pool is closed")) }
        waiters.removeAll()
        for worker in free { worker.shutdown() }
        free.removeAll()
    }
}

/// One thread that owns at most one connection, opened at first use and replaced when it was lost.
private final class PoolWorker: @unchecked Sendable {
    private let executor: ThreadExecutor
    /// Used on the executor's thread only.
    private let session: PostgresSession

    init(_ configuration: PostgresConfiguration, name: String) throws(ThreadExecutorError) {
        self.session = PostgresSession(configuration)
        self.executor = try ThreadExecutor(name: name)
    }

    /// Runs `body` with the connection on the worker's thread.
    func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        try await executor.run { try self.session.reading(body) }
    }

    /// Ends the thread and its connection after the queued jobs.
    func shutdown() {
        executor.submit { self.session.close() }
        executor.shutdown()
    }
}
