import Outbox
import Postgres

/// How far the relay was when the audit began: what is published then has to be in Kafka.
struct AuditStart: Sendable {
    /// Microseconds since 1970, by the clock of Postgres.
    var takenAt: Int64
    var published: String
    var draining: String?
    var drainedThrough: Int64
    /// Rows that wait for parked keys.
    var held: Set<Int64>
    /// Of this outbox's records.
    var tag: UInt64

    /// Reads the checkpoint and the held rows in one snapshot, and lets go of both.
    init(_ connection: PostgresConnection, schema name: String) throws {
        let schema = PostgresConnection.quoteIdentifier(name)
        let query = { (sql: String) in try connection.query(PostgresStatement(sql, isPlannedEachTime: true)) }
        (takenAt, published, draining, drainedThrough, held) = try connection.transaction(.repeatableRead) {
            let rows = try query(
                """
                SELECT clock_timestamp(), published::text, draining::text, drained_through
                FROM \(schema).checkpoint ORDER BY epoch DESC LIMIT 1
                """)
            let ids = try query("SELECT outbox_id FROM \(schema).held LIMIT \(VerifyLimits.heldRows + 1)")
            guard ids.count <= VerifyLimits.heldRows else {
                throw VerifyError(
                    "more than \(VerifyLimits.heldRows) rows are held for parked keys; release or skip some")
            }
            return (
                try rows.timestampMicroseconds(0, 0), try rows.string(0, 1), rows.optionalString(0, 2),
                try rows.int64(0, 3), Set(try (0..<ids.count).map { try ids.int64($0, 0) })
            )
        }
        let identity = try query(
            """
            SELECT system_identifier, (SELECT oid::bigint FROM pg_database WHERE datname = current_database())
            FROM pg_control_system()
            """)
        tag =
            OutboxOrigin(
                systemIdentifier: try identity.int64(0, 0), databaseOID: try identity.int64(0, 1), timeline: 0,
                schema: name
            ).tag
    }

    /// SQL: whether the checkpoint counts a row as published.
    var isDue: String {
        let published = PostgresConnection.quoteLiteral(published) + "::pg_snapshot"
        let isPublished = "pg_visible_in_snapshot(transaction_id, \(published))"
        guard let draining else { return isPublished }
        let drained = PostgresConnection.quoteLiteral(draining) + "::pg_snapshot"
        return
            "(\(isPublished) OR outbox_id <= \(drainedThrough) AND pg_visible_in_snapshot(transaction_id, \(drained)))"
    }
}
