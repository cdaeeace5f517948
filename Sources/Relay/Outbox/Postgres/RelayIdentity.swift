import Postgres

/// What `outbox_relay.relay` says: which outbox this is, which locks belong to it, and which server it was last seen
/// on.
struct RelayIdentity: Equatable, Sendable {
    var outbox: String
    var channel: String
    var lockClass: Int32
    var leaderLock: Int32
    var sleepLock: Int32
    var leafSequence: String?
    var leaves: [String]

    /// Held by the sessions of leaders that read rows and move the checkpoint. The classes of lock are a relay's own,
    /// so the number beside those of the table is free.
    var workLock: Int32 { sleepLock + 1 }

    /// Reads the row, or explains what is missing.
    static func read(_ connection: PostgresConnection, schema: String) throws -> RelayIdentity {
        let rows = try readRow(connection, schema)
        guard rows.count == 1 else {
            throw OutboxError(.schema, "\(schema).relay must have one row, it has \(rows.count)")
        }
        return RelayIdentity(
            outbox: try rows.string(0, 0), channel: try rows.string(0, 1), lockClass: try rows.int32(0, 2),
            leaderLock: try rows.int32(0, 3), sleepLock: try rows.int32(0, 4), leafSequence: rows.optionalString(0, 5),
            leaves: (rows.optionalString(0, 6) ?? "").split(separator: "\n").map { String($0) })
    }

    private static func readRow(_ connection: PostgresConnection, _ schema: String) throws -> PostgresResult {
        do {
            return try connection.query(PostgresStatement(statement(schema)))
        } catch {
            // Undefined table, undefined schema.
            guard error.sqlState == SQLState.undefinedTable || error.sqlState == SQLState.invalidSchemaName else {
                throw error
            }
            throw OutboxError(
                .notMigrated,
                "there is no \(schema).relay in this database: run outbox-relay adopt (or outboxctl migrate) first, or set RELAY_SCHEMA"
            )
        }
    }

    private static func statement(_ schema: String) -> String {
        """
        SELECT outbox, channel, lock_class, leader_lock, sleep_lock, leaf_sequence, array_to_string(leaves, E'\\n')
        FROM \(PostgresConnection.quoteIdentifier(schema)).relay
        """
    }
}
