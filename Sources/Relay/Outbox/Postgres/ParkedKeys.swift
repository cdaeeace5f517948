import Postgres

/// The keys whose rows are held back.
struct ParkedKeys {
    private var keys: Set<OutboxKey> = []

    init(_ connection: PostgresConnection, schema: String) throws {
        let name = PostgresConnection.quoteIdentifier(schema)
        let rows = try Self.read(connection, name)
        for row in 0..<rows.count {
            keys.insert(OutboxKey(aggregateType: try rows.string(row, 0), aggregateID: try rows.string(row, 1)))
        }
    }

    private static func read(_ connection: PostgresConnection, _ schema: String) throws -> PostgresResult {
        do {
            return try connection.query(
                PostgresStatement("SELECT aggregate_type, aggregate_id, retry_at FROM \(schema).parked"))
        } catch {
            // Undefined column: the schema is older than this relay.
            guard error.sqlState == SQLState.undefinedColumn else { throw error }
            throw OutboxError(
                .notMigrated, "\(schema) is older than this relay: run outbox-relay adopt (or outboxctl migrate) again")
        }
    }

    var isEmpty: Bool { keys.isEmpty }
    var count: Int { keys.count }
    func contains(_ key: OutboxKey) -> Bool { keys.contains(key) }
    mutating func insert(_ key: OutboxKey) { keys.insert(key) }
    mutating func remove(_ key: OutboxKey) { keys.remove(key) }
}
