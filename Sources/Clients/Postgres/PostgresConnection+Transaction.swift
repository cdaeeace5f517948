extension PostgresConnection {
    /// The isolation level of a transaction; the raw value is SQL.
    public enum Isolation: String, Sendable {
        /// Every statement sees the transactions committed before it.
        case readCommitted = "READ COMMITTED"
        /// All statements see the transactions committed before the first one.
        case repeatableRead = "REPEATABLE READ"
        /// As if the transactions had run one after the other; the server may refuse with 40001.
        case serializable = "SERIALIZABLE"
    }

    /// Runs `body` between BEGIN and COMMIT, and rolls back when it throws.
    ///
    /// - Parameter script: statements behind BEGIN, in the same round trip, such as settings; their rows are dropped.
    /// - Throws: what `body` throws, or ``PostgresError``. When COMMIT itself throws a lost connection, the outcome is
    ///   unknown.
    public func transaction<T>(
        _ isolation: Isolation = .readCommitted, beginning script: String? = nil, _ body: () throws -> T
    ) throws -> T {
        let value: T
        do {
            try execute("BEGIN ISOLATION LEVEL \(isolation.rawValue)" + (script.map { "; \($0)" } ?? ""))
            value = try body()
        } catch {
            // A connection that cannot roll back is closed by that failure, and the server rolls back on its own.
            try? execute("ROLLBACK")
            throw error
        }
        try execute("COMMIT")
        return value
    }
}
