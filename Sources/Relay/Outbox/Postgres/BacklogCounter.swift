import Postgres

/// Counts now and then, while a cut is being drained, the rows that wait: those of the cut and those written since.
///
/// Bounded, however many there are: some thousand are counted in the index; beyond, the distance between the newest id
/// and the last settled one tells how many there are at most.
final class BacklogCounter {
    private let connection: PostgresConnection
    private let statement: PostgresStatement
    private var nextLook = ContinuousClock.now

    init(_ connection: PostgresConnection, schema: String) {
        self.connection = connection
        let source = PostgresConnection.quoteIdentifier(schema) + ".source"
        statement = PostgresStatement(
            """
            SELECT count(*), count(*) FILTER (WHERE outbox_id > $2 OR transaction_id >= $3::xid8),
                   (SELECT coalesce(max(outbox_id), 0) FROM \(source)), coalesce(min(outbox_id), 0)
            FROM (SELECT outbox_id, transaction_id FROM \(source) WHERE transaction_id >= $1::xid8
                  ORDER BY transaction_id LIMIT \(OutboxLimits.rowsOfBacklogCounted + 1)) AS fresh
            """)
    }

    /// A cut begins: its size is known.
    func begin() { nextLook = .now + .milliseconds(OutboxLimits.backlogLookMilliseconds) }

    /// The number of rows that wait; nil if it is not time to look.
    func look(_ checkpoint: Checkpoint, settledThrough: Int64) throws -> Int? {
        guard let draining = checkpoint.draining, ContinuousClock.now >= nextLook else { return nil }
        begin()
        return try count(published: checkpoint.published, draining: draining, settledThrough: settledThrough)
    }

    func count(published: Snapshot, draining: Snapshot, settledThrough: Int64) throws -> Int {
        let rows = try connection.query(
            statement, [.literal(String(published.xmax)), .int8(settledThrough), .literal(String(draining.xmax))])
        if try rows.int64(0, 0) <= OutboxLimits.rowsOfBacklogCounted { return Int(try rows.int64(0, 1)) }
        let newest = try rows.int64(0, 2)
        let settled = max(settledThrough, try rows.int64(0, 3) - 1)
        return Int(max(try rows.int64(0, 1), newest - settled))
    }
}
