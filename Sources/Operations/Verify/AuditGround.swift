import Kafka
import Postgres

/// What else Postgres tells about the rows and the records, as of the snapshot that is compared.
struct AuditGround: Sendable {
    var hasEvents = false
    var hasProjection = false
    /// When the oldest row of the outbox was written, in microseconds; nil if the outbox is empty.
    var oldestRow: Int64?
    /// Whether the first row that was ever written is still there.
    var isWhole = false
    /// Rows that operators skipped or edited.
    var decisions: [Int64: AuditEntry.Flags] = [:]
    /// How far the read model has applied each partition.
    var applied: [KafkaPartition: Int64] = [:]
    /// Whether the read model is being brought up to the event store, or followed another Kafka cluster.
    var isHealing = false
    var losses: [RecordedLoss] = []
    /// Rows and events, as the statistics say.
    var estimate = 0

    /// A row of `record_loss`.
    struct RecordedLoss: Sendable {
        var isOfDatabase: Bool
        var partition: KafkaPartition
        var offsets: Range<Int64>
        var noticedAt: Int64
    }

    init(_ connection: PostgresConnection, schema name: String, clusterID: String?) throws {
        let schema = PostgresConnection.quoteIdentifier(name)
        hasEvents = try Self.has("event", connection)
        hasProjection = try hasEvents && Self.has("order_projection", connection)
        let oldest = try Self.query(
            connection,
            """
            SELECT outbox_id, created_at FROM \(schema).source
            WHERE transaction_id IS NOT NULL ORDER BY outbox_id LIMIT 1
            """
        )
        if oldest.count == 1 {
            isWhole = try oldest.int64(0, 0) == 1
            oldestRow = oldest.isNull(0, 1) ? nil : try oldest.timestampMicroseconds(0, 1)
        }
        try readDecisions(connection, schema)
        try readLosses(connection, schema)
        if hasProjection { try readPositions(connection, clusterID) }
        try readEstimate(connection, schema)
    }

    private static func query(_ connection: PostgresConnection, _ sql: String) throws -> PostgresResult {
        try connection.query(PostgresStatement(sql, isPlannedEachTime: true))
    }

    private static func has(_ table: String, _ connection: PostgresConnection) throws -> Bool {
        try connection.query("SELECT to_regclass($1) IS NOT NULL", [.text(table)]).bool(0, 0)
    }

    private mutating func readDecisions(_ connection: PostgresConnection, _ schema: String) throws {
        // Decisions of a bulk action name one row of each key, and may be about all of them.
        let amended =
            try Self.has("\(schema).amended", connection)
            ? "UNION SELECT outbox_id, skipped FROM \(schema).amended" : ""
        let rows = try Self.query(
            connection,
            """
            SELECT DISTINCT outbox_id, action = 'skip' FROM \(schema).decision
            WHERE action IN ('skip', 'edit') AND outbox_id IS NOT NULL \(amended) LIMIT \(VerifyLimits.decisions)
            """)
        for row in 0..<rows.count {
            let flag: AuditEntry.Flags = try rows.bool(row, 1) ? .skipped : .edited
            decisions[try rows.int64(row, 0), default: []].insert(flag)
        }
    }

    private mutating func readLosses(_ connection: PostgresConnection, _ schema: String) throws {
        guard try Self.has("\(schema).record_loss", connection) else { return }
        let rows = try Self.query(
            connection,
            "SELECT cause = 'database', topic, partition, lost_from, lost_until, noticed_at FROM \(schema).record_loss")
        losses = try (0..<rows.count).map { row in
            RecordedLoss(
                isOfDatabase: try rows.bool(row, 0),
                partition: KafkaPartition(topic: try rows.string(row, 1), index: try rows.int32(row, 2)),
                offsets: try rows.int64(row, 3)..<(try rows.int64(row, 4)),
                noticedAt: try rows.timestampMicroseconds(row, 5))
        }
    }

    private mutating func readPositions(_ connection: PostgresConnection, _ clusterID: String?) throws {
        isHealing =
            try Self.query(connection, "SELECT EXISTS (SELECT FROM order_projection_healing)").bool(0, 0)
        let rows = try Self.query(
            connection, "SELECT topic, partition, next_offset, cluster_id FROM order_projection_offset")
        for row in 0..<rows.count where !rows.isNull(row, 2) {
            if let clusterID, try rows.string(row, 3) != clusterID { isHealing = true }
            applied[KafkaPartition(topic: try rows.string(row, 0), index: try rows.int32(row, 1))] =
                try rows.int64(row, 2)
        }
    }

    private mutating func readEstimate(_ connection: PostgresConnection, _ schema: String) throws {
        let rows = try Self.query(
            connection,
            """
            SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class c WHERE c.oid IN (
                SELECT to_regclass('event') UNION ALL
                SELECT to_regclass(part) FROM \(schema).relay, unnest(coalesce(leaves, ARRAY[outbox])) AS part)
            """)
        estimate = Int(try rows.int64(0, 0))
    }
}
