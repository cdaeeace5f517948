import Threads

/// A few connections shared by many callers, each connection on a thread of its own.
///
/// Connections open at first use and are replaced when they were lost. A caller waits for a free one; when
/// `maximumWaiters` wait already, the next is refused at once, so that a slow database does not grow a queue.
public final class PostgresPool: Sendable {
    private let state: PoolState

    /// - Parameters:
    ///   - size: connections at most.
    ///   - maximumWaiters: callers that may wait for a connection; the next one gets code `pool`.
    public init(_ configuration: PostgresConfiguration, size: Int, maximumWaiters: Int = 1024) {
        let workers = (0..<max(1, size)).map { PostgresWorker(configuration, name: "pg-pool-\($0)") }
        state = PoolState(workers: workers, maximumWaiters: maximumWaiters)
    }

    /// Runs `body` with a connection, on that connection's thread.
    ///
    /// - Throws: what `body` throws, or ``PostgresError`` when there is no connection to be had.
    public func withConnection<T: Sendable>(
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

/// Which workers are free and who waits for one.
private actor PoolState {
    private var free: [PostgresWorker]
    private var waiters: [CheckedContinuation<PostgresWorker, any Error>] = []
    private let maximumWaiters: Int
    private var isClosed = false

    init(workers: [PostgresWorker], maximumWaiters: Int) {
        self.free = workers
        self.maximumWaiters = maximumWaiters
    }

    func acquire() async throws -> PostgresWorker {
        guard !isClosed else { throw PostgresError(.pool, "the connection pool is closed") }
        if let worker = free.popLast() { return worker }
        guard waiters.count < maximumWaiters else {
            throw PostgresError(.pool, "\(waiters.count) callers already wait for a Postgres connection")
        }
        return try await withCheckedThrowingContinuation { waiters.append($0) }
    }

    func release(_ worker: PostgresWorker) {
        if isClosed {
            worker.shutdown()
        } else if waiters.isEmpty {
            free.append(worker)
        } else {
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
