import Postgres

@testable import Outbox

/// Parked keys as an operator sees and decides them, by SQL: the relay does not know the module `Operations`.
struct ParkedDesk {
    let connection: PostgresConnection

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// A key that waits for a decision.
    struct ParkedKey {
        let key: OutboxKey
        let error: String
        let heldRows: Int64
    }

    private enum ParkedColumn: Int { case aggregateType, aggregateID, error, heldRows }

    /// Oldest first.
    func parked() throws -> [ParkedKey] {
        let rows = try connection.query(
            """
            SELECT aggregate_type, aggregate_id, error,
                   (SELECT count(*) FROM outbox_relay.held AS h
                    WHERE h.aggregate_type = p.aggregate_type AND h.aggregate_id = p.aggregate_id)
            FROM outbox_relay.parked AS p ORDER BY parked_at
            """)
        return try (0..<rows.count).map { row in
            ParkedKey(
                key: OutboxKey(
                    aggregateType: try rows.string(row, ParkedColumn.aggregateType),
                    aggregateID: try rows.string(row, ParkedColumn.aggregateID)),
                error: try rows.string(row, ParkedColumn.error), heldRows: try rows.int64(row, ParkedColumn.heldRows))
        }
    }

    /// A row that is held back.
    struct HeldRow {
        let outboxID: Int64
        let sequenceNumber: Int64?
    }

    private enum HeldColumn: Int { case outboxID, sequenceNumber }

    /// The held rows of a key, in the order in which they will be published.
    func held(_ key: OutboxKey) throws -> [HeldRow] {
        let rows = try connection.query(
            """
            SELECT h.outbox_id, s.sequence_number
            FROM outbox_relay.held AS h LEFT JOIN outbox_relay.source AS s USING (outbox_id)
            WHERE h.aggregate_type = $1 AND h.aggregate_id = $2 ORDER BY h.hold_id
            """, [.text(key.aggregateType), .text(key.aggregateID)])
        return try (0..<rows.count).map { row in
            HeldRow(
                outboxID: try rows.int64(row, HeldColumn.outboxID),
                sequenceNumber: rows.isNull(row, HeldColumn.sequenceNumber.rawValue)
                    ? nil : try rows.int64(row, HeldColumn.sequenceNumber))
        }
    }

    /// Asks the relay to publish a key's rows, and wakes it. Returns whether the key is parked.
    func release(_ key: OutboxKey, reason: String) throws -> Bool {
        let rows = try connection.query(
            """
            WITH asked AS (
                UPDATE outbox_relay.parked SET release_asked_at = clock_timestamp()
                WHERE aggregate_type = $1 AND aggregate_id = $2 RETURNING aggregate_type, aggregate_id, outbox_id
            ), noted AS (
                INSERT INTO outbox_relay.decision (action, aggregate_type, aggregate_id, outbox_id, reason)
                SELECT 'release', aggregate_type, aggregate_id, outbox_id, $3 FROM asked RETURNING 1
            )
            SELECT count(*), (SELECT count(pg_notify(channel, '')) FROM outbox_relay.relay) FROM noted
            """, [.text(key.aggregateType), .text(key.aggregateID), .text(reason)])
        return try rows.int64(0, 0) > 0
    }

    private enum KeyColumn: Int { case aggregateType, aggregateID }

    /// Marks a held row to be dropped when its key is released. Returns the key; nil if no such row is held.
    func skip(_ outboxID: Int64, reason: String) throws -> OutboxKey? {
        let rows = try connection.query(
            """
            WITH marked AS (
                UPDATE outbox_relay.held SET skipped = true WHERE outbox_id = $1
                RETURNING aggregate_type, aggregate_id, outbox_id
            ), noted AS (
                INSERT INTO outbox_relay.decision (action, aggregate_type, aggregate_id, outbox_id, reason)
                SELECT 'skip', aggregate_type, aggregate_id, outbox_id, $2 FROM marked
            )
            SELECT aggregate_type, aggregate_id FROM marked
            """, [.int8(outboxID), .text(reason)])
        guard rows.count == 1 else { return nil }
        return OutboxKey(
            aggregateType: try rows.string(0, KeyColumn.aggregateType),
            aggregateID: try rows.string(0, KeyColumn.aggregateID))
    }
}
