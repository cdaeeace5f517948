import Postgres
import Threads

/// A table, by default `order_projection`, locked by another session, so that a batch waits in the middle of its
/// transaction.
final class TableLock: Sendable {
    private let database: ProjectionDatabase
    private let thread: ThreadExecutor
    private let connection: UncheckedBox<PostgresConnection>

    /// - Parameter sql: what takes the lock, in a transaction of its own.
    init(_ database: ProjectionDatabase, _ sql: String = "LOCK TABLE order_projection IN EXCLUSIVE MODE") async throws {
        self.database = database
        let thread = try ThreadExecutor(name: "lock")
        self.thread = thread
        connection = try await thread.run {
            let connection = try PostgresConnection(database.configuration)
            try connection.execute("BEGIN; \(sql)")
            return UncheckedBox(connection)
        }
    }

    /// Returns when a session waits for the lock.
    func untilAwaited() async throws {
        let waiting = """
            SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE d.datname = current_database() AND NOT l.granted
            """
        while try await database.number(waiting) == 0 { await Task.yield() }
    }

    /// Ends the sessions that wait for the lock.
    func terminateWaiting() async throws {
        try await database.run {
            try $0.execute(
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
                    + "WHERE d.datname = current_database() AND NOT l.granted")
        }
    }

    func release() async throws {
        try await thread.run { [connection] in try connection.value.execute("COMMIT") }
        thread.shutdown()
    }
}
