public import Postgres

/// What an operator can ask of an outbox and its relay. All of it is plain SQL on the relay's schema. Every decision is
/// recorded with its reason in the table `decision`.
public struct OutboxOperator {
    let connection: PostgresConnection
    let schema: String
    let quoted: String

    /// - Parameters:
    ///   - connection: of a role that may read and write the relay's schema.
    ///   - schema: the relay's schema, not quoted.
    public init(_ connection: PostgresConnection, schema: String = "outbox_relay") {
        self.connection = connection
        self.schema = schema
        quoted = PostgresConnection.quoteIdentifier(schema)
    }

    /// Makes sure that there is a relay's schema of that name.
    ///
    /// - Throws: ``OutboxError`` with code `notMigrated` or `schema`, whose message says what is missing.
    public func verify() throws { _ = try RelayIdentity.read(connection, schema: schema) }

    /// A key that waits for a decision.
    public struct ParkedKey: Sendable {
        /// Its rows are held.
        public var key: OutboxKey
        /// The row that Kafka refused.
        public var outboxID: Int64
        /// Why, at most ``OutboxLimits/parkedErrorCharacters`` characters.
        public var error: String
        /// As Postgres writes a timestamptz, in the session's time zone.
        public var parkedAt: String
        /// The refused row and all rows behind it.
        public var heldRows: Int
        /// Whether an operator asked for its release, and the relay has not done it yet.
        public var isReleaseAsked: Bool
    }

    private enum ParkedColumn: Int {
        case aggregateType, aggregateID, outboxID, error, parkedAt, isReleaseAsked, heldRows
    }

    /// All parked keys, oldest first.
    ///
    /// - Throws: `PostgresError`.
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
                key: OutboxKey(
                    aggregateType: try rows.string(row, ParkedColumn.aggregateType),
                    aggregateID: try rows.string(row, ParkedColumn.aggregateID)),
                outboxID: try rows.int64(row, ParkedColumn.outboxID),
                error: try rows.string(row, ParkedColumn.error),
                parkedAt: try rows.string(row, ParkedColumn.parkedAt),
                heldRows: Int(try rows.int64(row, ParkedColumn.heldRows)),
                isReleaseAsked: try rows.bool(row, ParkedColumn.isReleaseAsked))
        }
    }

    /// When the oldest row that waits or is held was written, in microseconds since 1970; nil if there is none. Of each
    /// kind the first ``OutboxLimits/rowsOfBacklogCounted`` rows are looked at.
    ///
    /// - Throws: `PostgresError`.
    public func oldestWaiting() throws -> Int64? {
        let limit = OutboxLimits.rowsOfBacklogCounted
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT least(
                    (SELECT min(created_at) FROM (
                        SELECT created_at FROM \(quoted).source
                        WHERE transaction_id >= (SELECT pg_snapshot_xmin(published) FROM \(quoted).checkpoint LIMIT 1)
                          AND NOT pg_visible_in_snapshot(
                              transaction_id, (SELECT published FROM \(quoted).checkpoint LIMIT 1))
                        ORDER BY transaction_id LIMIT \(limit)) AS waiting),
                    (SELECT min(o.created_at) FROM (
                        SELECT outbox_id FROM \(quoted).held ORDER BY outbox_id LIMIT \(limit)) AS h
                     JOIN \(quoted).source AS o USING (outbox_id)))
                """))
        return rows.isNull(0, 0) ? nil : try rows.timestampMicroseconds(0, 0)
    }

    /// A row that is held back.
    public struct HeldRow: Sendable {
        /// The row's id in the outbox.
        public var outboxID: Int64
        /// nil where the outbox has none.
        public var sequenceNumber: Int64?
        /// nil where the row is no longer in the outbox.
        public var eventType: String?
        /// nil for a payload that is NULL.
        public var payloadBytes: Int?
        /// Whether it will be dropped in its turn, unpublished.
        public var isSkipped: Bool
    }

    private enum HeldColumn: Int { case outboxID, sequenceNumber, eventType, payloadBytes, isSkipped }

    /// The first `limit` rows of a key that are held, in the order in which they will be published; empty if the key is
    /// not parked.
    ///
    /// - Throws: `PostgresError`.
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
                outboxID: try rows.int64(row, HeldColumn.outboxID),
                sequenceNumber: rows.isNull(row, HeldColumn.sequenceNumber)
                    ? nil : try rows.int64(row, HeldColumn.sequenceNumber),
                eventType: rows.optionalString(row, HeldColumn.eventType),
                payloadBytes: rows.isNull(row, HeldColumn.payloadBytes)
                    ? nil : Int(try rows.int32(row, HeldColumn.payloadBytes)),
                isSkipped: try rows.bool(row, HeldColumn.isSkipped))
        }
    }

    /// Asks the relay to publish the key's held rows, and wakes it.
    ///
    /// - Parameter reason: recorded with the decision.
    /// - Returns: false if the key is not parked.
    /// - Throws: `PostgresError`.
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

    private enum KeyColumn: Int { case aggregateType, aggregateID }

    /// Marks a held row to be dropped when its key is released.
    ///
    /// - Parameter reason: recorded with the decision.
    /// - Returns: the row's key; nil if no such row is held.
    /// - Throws: `PostgresError`.
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
        return OutboxKey(
            aggregateType: try rows.string(0, KeyColumn.aggregateType),
            aggregateID: try rows.string(0, KeyColumn.aggregateID))
    }
}
