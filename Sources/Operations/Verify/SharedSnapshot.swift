import Postgres

/// A snapshot that several connections read.
struct SharedSnapshot: Sendable {
    let postgres: PostgresConfiguration
    let id: String

    /// Runs `body` on a connection of its own that sees the snapshot. Locks are held until it ends.
    func reading<T>(_ body: (PostgresConnection) throws -> T) throws -> T {
        let connection = try PostgresConnection(postgres)
        return try connection.transaction(.repeatableRead) {
            try connection.execute("SET TRANSACTION SNAPSHOT \(PostgresConnection.quoteLiteral(id))")
            try connection.execute(
                """
                SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL jit = off;
                SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL idle_in_transaction_session_timeout = 0
                """)
            return try body(connection)
        }
    }
}
