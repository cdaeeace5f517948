import Synchronization
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
    public nonisolated(nonsending) func reading<T: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> T
    ) async throws -> T {
        let worker = try await state.acquire()
        do {
            let value = try await worker.run(body)
            state.release(worker)
            return value
        } catch {
            state.release(worker)
            throw error
        }
    }

    /// Refuses new callers, lets the running ones finish and ends the threads.
    public func close() async {
        state.close()
    }
}

/// The free workers, and the callers that wait for one. Only one of the two lists has entries at any time.
///
/// Behind a mutex, not in an actor: a caller whose tasks run on an event loop would change threads twice for each call.
private final class PoolState: Sendable {
    private struct Lists {
        var free: [PoolWorker]
        var waiters: [CheckedContinuation<PoolWorker, any Error>] = []
        var isClosed = false
    }

    private let lists: Mutex<Lists>
    private let maximumWaiters: Int
    private let size: Int

    init(workers: [PoolWorker], maximumWaiters: Int) {
        size = workers.count
        self.maximumWaiters = maximumWaiters
        lists = Mutex(Lists(free: workers))
    }

    nonisolated(nonsending) func acquire() async throws -> PoolWorker {
        if let worker = try lists.withLock({ try Self.takeFree(&$0) }) { return worker }
        return try await withCheckedThrowingContinuation { continuation in
            let outcome = lists.withLock { lists in Result { try take(&lists, orWait: continuation) } }
            switch outcome {
            case .success(nil): break
            case .success(let worker?): continuation.resume(returning: worker)
            case .failure(let error): continuation.resume(throwing: error)
            }
        }
    }

    private static func takeFree(_ lists: inout Lists) throws -> PoolWorker? {
        guard !lists.isClosed else { throw closed }
        return lists.free.popLast()
    }

    /// nil if the caller waits now.
    private func take(
        _ lists: inout Lists, orWait continuation: CheckedContinuation<PoolWorker, any Error>
    ) throws -> PoolWorker? {
        if let worker = try Self.takeFree(&lists) { return worker }
        guard lists.waiters.count < maximumWaiters else {
            throw PostgresError(.pool, "\(lists.waiters.count) callers already wait for a Postgres connection")
        }
        lists.waiters.append(continuation)
        return nil
    }

    private static var closed: PostgresError { PostgresError(.pool, "the connection pool is closed") }

    func release(_ worker: PoolWorker) {
        let waiter = lists.withLock { lists -> CheckedContinuation<PoolWorker, any Error>? in
            if lists.isClosed {
                worker.shutdown()
            } else if lists.waiters.isEmpty {
                assert(lists.free.count < size, "a worker is released once for each time that it was acquired")
                lists.free.append(worker)
            } else {
                assert(lists.free.isEmpty, "callers wait only while no worker is free")
                return lists.waiters.removeFirst()
            }
            return nil
        }
        waiter?.resume(returning: worker)
    }

    func close() {
        let (waiters, free) = lists.withLock { lists in
            lists.isClosed = true
            defer { (lists.waiters, lists.free) = ([], []) }
            return (lists.waiters, lists.free)
        }
        for waiter in waiters { waiter.resume(throwing: Self.closed) }
        for worker in free { worker.shutdown() }
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
    nonisolated(nonsending) func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T)
        async throws -> T
    {
        try await executor.run { try self.session.reading(body) }
    }

    /// Ends the thread and its connection after the queued jobs.
    func shutdown() {
        executor.submit { self.session.close() }
        executor.shutdown()
    }
}
