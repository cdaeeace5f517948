import Postgres

/// Counts now and then, while a cut is being drained, the rows that wait: the rows of the cut and those written since.
///
/// The cost is bounded. Up to ``OutboxLimits/rowsOfBacklogCounted`` rows are counted in the index; beyond, the distance
/// between the newest id and the last settled id tells how many there are at most.
final class BacklogCounter {
    private let connection: PostgresConnection
    private let statement: PostgresStatement
    private var nextCount: ContinuousClock.Instant
    private let time: any RelayTime

    private enum Column: Int { case counted, waiting, newestID, oldestID }

    init(_ connection: PostgresConnection, schema: String, time: any RelayTime = MachineTime()) {
        self.time = time
        nextCount = time.now
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
    func begin() { nextCount = time.now + .milliseconds(OutboxLimits.backlogLookMilliseconds) }

    /// The number of rows that wait; nil if it is not time to count.
    func countIfDue(_ checkpoint: Checkpoint, settledThrough: Int64) throws -> Int? {
        guard let draining = checkpoint.draining, time.now >= nextCount else { return nil }
        begin()
        return try count(published: checkpoint.published, draining: draining, settledThrough: settledThrough)
    }

    /// The same at once.
    func count(published: Snapshot, draining: Snapshot, settledThrough: Int64) throws -> Int {
        let rows = try connection.query(
            statement, [.literal(String(published.xmax)), .int8(settledThrough), .literal(String(draining.xmax))])
        let waiting = try rows.int64(0, Column.waiting)
        guard try rows.int64(0, Column.counted) > OutboxLimits.rowsOfBacklogCounted else { return Int(waiting) }
        let newest = try rows.int64(0, Column.newestID)
        let settled = max(settledThrough, try rows.int64(0, Column.oldestID) - 1)
        return Int(max(waiting, newest - settled))
    }
}
