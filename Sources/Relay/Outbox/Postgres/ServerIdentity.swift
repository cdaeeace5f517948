import Postgres

/// Which server, database and history transaction ids belong to.
struct ServerIdentity: Hashable, Sendable, CustomStringConvertible {
    var systemIdentifier: Int64
    var databaseOID: Int64
    var timeline: Int32

    /// Whether this is the same database on a later timeline. No server has the timeline 0: operators mark a copy with
    /// it that is not to be relayed.
    func isLater(than other: ServerIdentity) -> Bool {
        systemIdentifier == other.systemIdentifier && databaseOID == other.databaseOID && other.timeline != 0
            && timeline > other.timeline
    }

    private enum Column: Int { case systemIdentifier, databaseOID, timeline }

    var description: String { "system \(systemIdentifier), database \(databaseOID), timeline \(timeline)" }

    /// What Kafka's record says of it.
    func origin(schema: String) -> OutboxOrigin {
        OutboxOrigin(systemIdentifier: systemIdentifier, databaseOID: databaseOID, timeline: timeline, schema: schema)
    }

    /// Reads the identity of the connected server. The timeline comes from the name of the current WAL file, which is
    /// right at once after a promotion.
    static func current(_ connection: PostgresConnection) throws -> ServerIdentity {
        let rows = try connection.query(
            """
            SELECT system_identifier, (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
                   ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
            FROM pg_control_system()
            """)
        return ServerIdentity(
            systemIdentifier: try rows.int64(0, Column.systemIdentifier),
            databaseOID: try rows.int64(0, Column.databaseOID), timeline: try rows.int32(0, Column.timeline))
    }

    /// Refuses a checkpoint that was made on another server; the first relay of an outbox stores the identity.
    ///
    /// The transaction counter is compared too: a restored copy on the same server would otherwise pass.
    ///
    /// - Returns: the checkpoint's timeline if it is an earlier one of the same database, which was promoted or
    ///   restored since: see ``Promotion``. nil if the checkpoint is of this timeline.
    /// - Throws: ``OutboxError`` with code `foreign`.
    static func verify(_ connection: PostgresConnection, schema: String, _ here: ServerIdentity) throws -> Int32? {
        let name = PostgresConnection.quoteIdentifier(schema)
        var earlier: Int32?
        let stored = try connection.query(
            PostgresStatement("SELECT system_identifier, database_oid, timeline FROM \(name).relay"))
        if stored.isNull(0, Column.systemIdentifier) {
            try connection.query(
                PostgresStatement("UPDATE \(name).relay SET system_identifier = $1, database_oid = $2, timeline = $3"),
                [.int8(here.systemIdentifier), .int8(here.databaseOID), .int4(here.timeline)])
        } else {
            let there = ServerIdentity(
                systemIdentifier: try stored.int64(0, Column.systemIdentifier),
                databaseOID: try stored.int64(0, Column.databaseOID), timeline: try stored.int32(0, Column.timeline))
            if there != here {
                guard here.isLater(than: there) else {
                    throw foreign("it was made on \(there), this is \(here)", schema)
                }
                earlier = there.timeline
            }
        }
        let counter = try connection.query(
            PostgresStatement(
                """
                SELECT pg_snapshot_xmax(coalesce(draining, published)) > pg_snapshot_xmax(pg_current_snapshot())
                FROM \(name).checkpoint
                """))
        if counter.count == 1, try counter.bool(0, 0) {
            throw foreign(
                "it names transactions this server has not started yet, so its counter went backwards", schema)
        }
        return earlier
    }

    private static func foreign(_ why: String, _ schema: String) -> OutboxError {
        let option = schema == "outbox_relay" ? "" : " --schema \(schema)"
        return OutboxError(
            .foreign,
            """
            the checkpoint does not belong to this server: \(why). Transaction ids mean nothing here, so publishing \
            would lose or repeat rows. If this database was restored or promoted on purpose, look at \
            "outboxctl rebase --help" and run, as the owner of the schema and not as the relay's role: \
            outboxctl rebase\(option) --republish-since <time> --reason <why>
            """)
    }
}
