import Outbox
import Postgres

/// The checkpoint, as far as it tells which rows are published.
struct CheckpointPicture {
    var published: String
    var draining: String?
    var drainedThrough: Int64
    /// Rows of this transaction and of later ones are not published, unless the cut has them.
    var xmax: String
    /// Earlier transactions that were in progress, as an array of xid8.
    var inProgress: String

    /// The parameters `$1` to `$5` of every statement below: published, draining, drained_through, xmax, in progress.
    var parameters: [PostgresParameter] {
        [.literal(published), .literal(draining), .int8(drainedThrough), .literal(xmax), .literal(inProgress)]
    }

    /// What is true of a row `o` of the source that is neither published nor part of the cut that is settled already.
    static let waits = """
        NOT ($2::pg_snapshot IS NOT NULL AND o.outbox_id <= $3 AND pg_visible_in_snapshot(o.transaction_id, $2))
        """
}

extension OperatorDesk {
    /// Inside ``reading(_:)``, so that rows and checkpoint are of one moment.
    func checkpoint() throws -> CheckpointPicture {
        let rows = try query(
            """
            SELECT published::text, draining::text, drained_through, pg_snapshot_xmax(published)::text,
                   ARRAY(SELECT pg_snapshot_xip(published))::text
            FROM \(schema).checkpoint ORDER BY epoch DESC LIMIT 1
            """)
        guard rows.count == 1 else { throw OutboxError(.schema, "\(schemaName).checkpoint has no row") }
        var row = RowCursor(rows)
        return CheckpointPicture(
            published: try row.text(), draining: try row.optionalText(), drainedThrough: try row.int64(),
            xmax: try row.text(), inProgress: try row.text())
    }

    /// The id behind which the rows that wait begin, rows of late transactions apart. A row of a later transaction may
    /// have a lower id by as many rows as were being written at the same time: so the first rows by transaction are
    /// looked at. In a cut that is being drained the walk begins where the cut is settled, if that is far from there.
    func floor(_ checkpoint: CheckpointPicture) throws -> Int64? {
        let rows = try query(
            """
            SELECT min(outbox_id) FROM (
                SELECT outbox_id FROM \(schema).source WHERE transaction_id >= $1::xid8
                ORDER BY transaction_id, outbox_id LIMIT \(OperationsLimits.rowsOfFloor)) AS first
            """, [.literal(checkpoint.xmax)])
        var row = RowCursor(rows)
        guard let first = try row.optionalInt64() else { return nil }
        let isFar = checkpoint.drainedThrough - first > Int64(OperationsLimits.rowsCounted)
        return checkpoint.draining != nil && isFar ? checkpoint.drainedThrough : first - 1
    }

    func backlog() throws -> OutboxStatus.Backlog {
        try reading {
            let checkpoint = try checkpoint()
            let floor = try floor(checkpoint)
            let fresh = try floor.map { try count(fresh: checkpoint, after: $0) } ?? Counted()
            let late = try count(late: checkpoint)
            var newest = RowCursor(
                try query(
                    """
                    SELECT outbox_id, created_at, clock_timestamp() FROM \(schema).source
                    WHERE transaction_id IS NOT NULL
                    ORDER BY outbox_id DESC LIMIT 1
                    """))
            guard let newestID = try? newest.int64() else { return .init(rows: 0, isEstimate: false) }
            let (newestAt, now) = (try newest.optionalMoment(), try newest.moment())
            let isEstimate = fresh.rows > OperationsLimits.rowsCounted || late.rows > OperationsLimits.rowsCounted
            let rows = isEstimate ? max(fresh.rows, Int(newestID - (floor ?? newestID))) : fresh.rows
            let oldest = [fresh.oldestAt, late.oldestAt].compactMap { $0 }.min()
            return OutboxStatus.Backlog(
                rows: rows + late.rows, isEstimate: isEstimate, oldestAt: oldest,
                oldestAgeSeconds: oldest.map { max(0, now.seconds(since: $0)) },
                oldestId: [fresh.oldestID, late.oldestID].compactMap { $0 }.min(), newestId: newestID,
                newestAt: newestAt)
        }
    }

    private struct Counted {
        var rows = 0
        var oldestAt: Moment?
        var oldestID: Int64?
    }

    /// IS TRUE hides the condition from the index on transaction_id: the walk is by outbox_id, and ends at the bound.
    private func count(fresh checkpoint: CheckpointPicture, after floor: Int64) throws -> Counted {
        try counted(
            """
            SELECT outbox_id, created_at FROM \(schema).source AS o
            WHERE outbox_id > $6 AND (transaction_id >= $4::xid8) IS TRUE AND \(CheckpointPicture.waits)
            ORDER BY outbox_id LIMIT \(OperationsLimits.rowsCounted + 1)
            """, checkpoint.parameters + [.int8(floor)])
    }

    /// Without an order: for an order by outbox_id the planner walks the whole outbox once for each transaction.
    private func count(late checkpoint: CheckpointPicture) throws -> Counted {
        guard checkpoint.inProgress != "{}" else { return Counted() }
        return try counted(
            """
            SELECT late.outbox_id, late.created_at FROM unnest($5::xid8[]) AS x
            CROSS JOIN LATERAL (SELECT outbox_id, created_at FROM \(schema).source AS o
                                WHERE transaction_id = x AND \(CheckpointPicture.waits)
                                LIMIT \(OperationsLimits.rowsCounted + 1)) AS late
            LIMIT \(OperationsLimits.rowsCounted + 1)
            """, checkpoint.parameters)
    }

    private func counted(_ rows: String, _ parameters: [PostgresParameter]) throws -> Counted {
        let used = "$1::pg_snapshot IS NOT NULL AND $4::xid8 IS NOT NULL AND $5::xid8[] IS NOT NULL"
        var row = RowCursor(
            try query(
                "SELECT count(*), min(created_at), min(outbox_id) FROM (\(rows)) AS counted WHERE \(used)", parameters))
        return Counted(rows: try row.int(), oldestAt: try row.optionalMoment(), oldestID: try row.optionalInt64())
    }
}
