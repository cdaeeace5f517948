public import Postgres

/// What an operator can ask of an outbox and its relay. All of it is plain SQL on the relay's schema; every decision is
/// recorded with its reason.
public struct OutboxOperator {
    let connection: PostgresConnection
    let schema: String
    let quoted: String

    /// - Parameter schema: the relay's schema, by default `outbox_relay`.
    public init(_ connection: PostgresConnection, schema: String = "outbox_relay") {
        self.connection = connection
        self.schema = schema
        quoted = PostgresConnection.quoteIdentifier(schema)
    }

    /// Makes sure that there is a relay's schema of that name.
    ///
    /// - Throws: ``OutboxError`` that says what is missing.
    public func verify() throws { _ = try RelayIdentity.read(connection, schema: schema) }

    /// A key that waits for a decision.
    public struct ParkedKey: Sendable {
        public var key: OutboxKey
        /// The row that Kafka refused.
        public var outboxID: Int64
        public var error: String
        public var parkedAt: String
        public var heldRows: Int
        public var isReleaseAsked: Bool
    }

    /// All parked keys, oldest first.
    public func parked() throws -> [ParkedKey] {
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT aggregate_type, aggregate_id, outbox_id, error, parked_at::text, release_asked_at IS NOT NULL,
                       (SELECT count(*) FROM \(quoted).held AS h
                        WHERE h.aggregate_type = p.aggregate_type AND h.aggregate_id = p.aggregate_id)
                FROM \(quoted).parked AS p ORDER BY parked_at
                """))
        return try (0..<rows.count).map { row in
            ParkedKey(
                key: OutboxKey(aggregateType: try rows.string(row, 0), aggregateID: try rows.string(row, 1)),
                outboxID: try rows.int64(row, 2), error: try rows.string(row, 3), parkedAt: try rows.string(row, 4),
                heldRows: Int(try rows.int64(row, 6)), isReleaseAsked: try rows.bool(row, 5))
        }
    }

    /// A row that is held back.
    public struct HeldRow: Sendable {
        public var outboxID: Int64
        public var sequenceNumber: Int64?
        public var eventType: String?
        public var payloadBytes: Int?
        public var isSkipped: Bool
    }

    /// The first rows of a key that are held, in the order in which they will be published.
    public func held(_ key: OutboxKey, limit: Int = 100) throws -> [HeldRow] {
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT h.outbox_id, s.sequence_number, s.event_type, octet_length(s.payload), h.skipped
                FROM \(quoted).held AS h LEFT JOIN \(quoted).source AS s USING (outbox_id)
                WHERE h.aggregate_type = $1 AND h.aggregate_id = $2 ORDER BY h.hold_id LIMIT $3
                """), [.text(key.aggregateType), .text(key.aggregateID), .int8(Int64(limit))])
        return try (0..<rows.count).map { row in
            HeldRow(
                outboxID: try rows.int64(row, 0), sequenceNumber: rows.isNull(row, 1) ? nil : try rows.int64(row, 1),
                eventType: rows.optionalString(row, 2),
                payloadBytes: rows.isNull(row, 3) ? nil : Int(try rows.int32(row, 3)),
                isSkipped: try rows.bool(row, 4))
        }
    }

    /// Asks the relay to publish the key's held rows. Returns false if the key is not parked.
    public func release(_ key: OutboxKey, reason: String) throws -> Bool {
        let rows = try connection.query(
            PostgresStatement(
                """
                WITH asked AS (
                    UPDATE \(quoted).parked SET release_asked_at = clock_timestamp()
                    WHERE aggregate_type = $1 AND aggregate_id = $2 RETURNING aggregate_type, aggregate_id, outbox_id
                ), noted AS (
                    INSERT INTO \(quoted).decision (action, aggregate_type, aggregate_id, outbox_id, reason)
                    SELECT 'release', aggregate_type, aggregate_id, outbox_id, $3 FROM asked RETURNING 1
                )
                SELECT count(*), (SELECT count(pg_notify(channel, '')) FROM \(quoted).relay) FROM noted
                """), [.text(key.aggregateType), .text(key.aggregateID), .text(reason)])
        return try rows.int64(0, 0) > 0
    }

    /// Marks a held row to be dropped when its key is released. Returns its key, nil if no such row is held.
    public func skip(_ outboxID: Int64, reason: String) throws -> OutboxKey? {
        let rows = try connection.query(
            PostgresStatement(
                """
                WITH marked AS (
                    UPDATE \(quoted).held SET skipped = true WHERE outbox_id = $1
                    RETURNING aggregate_type, aggregate_id, outbox_id
                ), noted AS (
                    INSERT INTO \(quoted).decision (action, aggregate_type, aggregate_id, outbox_id, reason)
                    SELECT 'skip', aggregate_type, aggregate_id, outbox_id, $2 FROM marked
                )
                SELECT aggregate_type, aggregate_id FROM marked
                """), [.int8(outboxID), .text(reason)])
        guard rows.count == 1 else { return nil }
        return OutboxKey(aggregateType: try rows.string(0, 0), aggregateID: try rows.string(0, 1))
    }
}
