/// The isolation level of a transaction.
public enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension PostgresConnection {
    /// Runs `body` between BEGIN and COMMIT, and rolls back when it throws.
    ///
    /// When COMMIT itself throws a lost connection, the outcome is unknown.
    public func transaction<T>(_ isolation: PostgresIsolation = .readCommitted, _ body: () throws -> T) throws -> T {
        try execute("BEGIN ISOLATION LEVEL \(isolation.rawValue)")
        let value: T
        do {
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
