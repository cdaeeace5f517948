package import Postgres

/// What the table `relay` says: which outbox this is, which locks belong to it, and which leaves it has.
package struct RelayIdentity: Equatable, Sendable {
    /// Qualified and quoted.
    package var outbox: String
    /// The channel on which writers notify.
    package var channel: String
    /// The first number of the relay's advisory locks; the others are the second.
    package var lockClass: Int32
    var leaderLock: Int32
    var sleepLock: Int32
    /// The sequence that names the current leaf; nil where the outbox has no leaves.
    package var leafSequence: String?
    /// Qualified and quoted, in ring order.
    package var leaves: [String]

    /// Held by the sessions of leaders that read rows and move the checkpoint. The class of the locks is the relay's
    /// own, so the number after those of the table is free.
    var workLock: Int32 { sleepLock + 1 }

    private enum Column: Int { case outbox, channel, lockClass, leaderLock, sleepLock, leafSequence, leaves }

    /// Reads the row.
    ///
    /// - Parameter schema: the relay's schema, not quoted.
    /// - Throws: ``OutboxError`` with code `notMigrated` when there is no such schema, with code `schema` when the
    ///   table has not exactly one row.
    package static func read(_ connection: PostgresConnection, schema: String) throws -> RelayIdentity {
        let rows = try readRow(connection, schema)
        guard rows.count == 1 else {
            throw OutboxError(.schema, "\(schema).relay must have one row, it has \(rows.count)")
        }
        return RelayIdentity(
            outbox: try rows.string(0, Column.outbox), channel: try rows.string(0, Column.channel),
            lockClass: try rows.int32(0, Column.lockClass), leaderLock: try rows.int32(0, Column.leaderLock),
            sleepLock: try rows.int32(0, Column.sleepLock), leafSequence: rows.optionalString(0, Column.leafSequence),
            leaves: (rows.optionalString(0, Column.leaves) ?? "").split(separator: "\n").map { String($0) })
    }

    private static func readRow(_ connection: PostgresConnection, _ schema: String) throws -> PostgresResult {
        do {
            return try connection.query(PostgresStatement(statement(schema)))
        } catch {
            guard error.sqlState == SQLState.undefinedTable || error.sqlState == SQLState.invalidSchemaName else {
                throw error
            }
            throw OutboxError(
                .notMigrated,
                """
                there is no \(schema).relay in this database: run outboxctl adopt (or outboxctl migrate) first, or set \
                RELAY_SCHEMA
                """)
        }
    }

    private static func statement(_ schema: String) -> String {
        """
        SELECT outbox, channel, lock_class, leader_lock, sleep_lock, leaf_sequence, array_to_string(leaves, E'\\n')
        FROM \(PostgresConnection.quoteIdentifier(schema)).relay
        """
    }
}

/// Opens the connection that reads rows and moves the checkpoint.
enum WorkConnection {
    /// The session carries a lock of its own, by which the next leader finds it. A leader that is stopped in the middle
    /// of a statement or a transaction leaves a backend behind; it holds its locks and its snapshot until it is ended.
    ///
    /// - Parameter former: the backend of this relay's last such connection, which may not know that it was given up.
    static func open(_ configuration: RelayConfiguration, former: PostgresBackend? = nil) throws -> (
        connection: PostgresConnection, identity: RelayIdentity
    ) {
        let connection = try PostgresConnection(configuration.workConnection)
        try former?.end(connection)
        let identity = try RelayIdentity.read(connection, schema: configuration.schema)
        if !configuration.usesPooler {
            try connection.query(
                "SELECT pg_advisory_lock_shared($1, $2)", [.int4(identity.lockClass), .int4(identity.workLock)])
        }
        return (connection, identity)
    }
}
