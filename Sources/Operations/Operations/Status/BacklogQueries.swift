import Outbox
import Postgres

/// The checkpoint, as far as it tells which rows are published.
struct CheckpointPicture {
    var published: String
    var draining: String?
    var drainedThrough: Int64
}

extension OperatorDesk {
    /// Inside ``reading(_:)``, so that rows and checkpoint are of one moment.
    func checkpoint() throws -> CheckpointPicture {
        let rows = try query(
            """
            SELECT published::text, draining::text, drained_through FROM \(schema).checkpoint
            ORDER BY epoch DESC LIMIT 1
            """)
        guard rows.count == 1 else { throw OutboxError(.schema, "\(schemaName).checkpoint has no row") }
        var row = RowCursor(rows)
        return CheckpointPicture(
            published: try row.text(), draining: try row.optionalText(), drainedThrough: try row.int64())
    }

    /// The checkpoint as a table `c` of one row, for a WITH clause.
    var checkpointTable: String {
        """
        c AS MATERIALIZED (
            SELECT published, draining, drained_through, pg_snapshot_xmax(published) AS xmax,
                   ARRAY(SELECT pg_snapshot_xip(published)) AS xip
            FROM \(schema).checkpoint ORDER BY epoch DESC LIMIT 1)
        """
    }

    /// A table `f` of one row behind ``checkpointTable``: the id behind which the rows that wait begin, rows of late
    /// transactions apart; NULL if none waits. A row of a later transaction may have a lower id by as many rows as were
    /// being written at the same time: so the first rows by transaction are looked at. In a cut that is being drained
    /// the walk begins where the cut is settled, if that is far from there.
    var floorTable: String {
        """
        first AS MATERIALIZED (
            SELECT min(outbox_id) AS id FROM (
                SELECT outbox_id FROM \(schema).source WHERE transaction_id >= (SELECT xmax FROM c)
                ORDER BY transaction_id, outbox_id LIMIT \(OperationsLimits.rowsOfFloor)) AS f
        ), f AS MATERIALIZED (
            SELECT CASE WHEN c.draining IS NOT NULL AND c.drained_through - first.id > \(OperationsLimits.rowsCounted)
                        THEN c.drained_through ELSE first.id - 1 END AS id
            FROM c CROSS JOIN first)
        """
    }

    /// The rows that wait and the outbox on disk, in one statement.
    func outbox() throws -> (backlog: OutboxStatus.Backlog, storage: OutboxStatus.OutboxStorage) {
        var row = RowCursor(try answer(outboxStatement))
        let (fresh, late) = (try Counted(&row), try Counted(&row))
        let (floor, newest, newestAt) = (try row.optionalInt64(), try row.optionalInt64(), try row.optionalMoment())
        let now = try row.moment()
        let storage = OutboxStatus.OutboxStorage(
            outbox: try row.text(), bytes: try row.optionalInt64(), oldestRowAt: try row.optionalMoment(),
            leaves: try row.optionalInt64().map { Int($0) }, currentLeaf: try row.optionalInt64())
        guard let newest else { return (.init(rows: 0, isEstimate: false), storage) }
        let isEstimate = fresh.rows > OperationsLimits.rowsCounted || late.rows > OperationsLimits.rowsCounted
        let rows = isEstimate ? max(fresh.rows, Int(newest - (floor ?? newest))) : fresh.rows
        let oldest = [fresh.oldestAt, late.oldestAt].compactMap { $0 }.min()
        let backlog = OutboxStatus.Backlog(
            rows: rows + late.rows, isEstimate: isEstimate, oldestAt: oldest,
            oldestAgeSeconds: oldest.map { max(0, now.seconds(since: $0)) },
            oldestId: [fresh.oldestID, late.oldestID].compactMap { $0 }.min(), newestId: newest, newestAt: newestAt)
        return (backlog, storage)
    }

    private struct Counted {
        let rows: Int
        let oldestAt: Moment?
        let oldestID: Int64?

        init(_ row: inout RowCursor) throws {
            (rows, oldestAt, oldestID) = (try row.int(), try row.optionalMoment(), try row.optionalInt64())
        }
    }

    /// IS TRUE hides a condition from the index on transaction_id: that walk is by outbox_id, and ends at the bound.
    /// Late rows have no order: for an order by outbox_id the planner walks the whole outbox for each transaction.
    private var outboxStatement: String {
        let limit = OperationsLimits.rowsCounted
        let waits = """
            NOT ((SELECT draining FROM c) IS NOT NULL AND o.outbox_id <= (SELECT drained_through FROM c)
                 AND pg_visible_in_snapshot(o.transaction_id, (SELECT draining FROM c)))
            """
        return """
            WITH \(checkpointTable), \(floorTable), fresh AS MATERIALIZED (
                SELECT count(*) AS rows, min(created_at) AS oldest_at, min(outbox_id) AS oldest_id FROM (
                    SELECT outbox_id, created_at FROM \(schema).source AS o
                    WHERE outbox_id > (SELECT id FROM f) AND (transaction_id >= (SELECT xmax FROM c)) IS TRUE
                      AND \(waits)
                    ORDER BY outbox_id LIMIT \(limit + 1)) AS counted
            ), late AS MATERIALIZED (
                SELECT count(*) AS rows, min(created_at) AS oldest_at, min(outbox_id) AS oldest_id FROM (
                    SELECT o.outbox_id, o.created_at
                    FROM unnest((SELECT xip FROM c)) AS x
                    CROSS JOIN LATERAL (SELECT outbox_id, created_at FROM \(schema).source AS o
                                        WHERE transaction_id = x AND \(waits) LIMIT \(limit + 1)) AS o
                    LIMIT \(limit + 1)) AS counted
            ), newest AS MATERIALIZED (
                SELECT outbox_id, created_at FROM \(schema).source WHERE transaction_id IS NOT NULL
                ORDER BY outbox_id DESC LIMIT 1)
            SELECT fresh.*, late.*, f.id, newest.*, clock_timestamp(), r.outbox,
                   (SELECT sum(pg_total_relation_size(to_regclass(part)))::bigint
                    FROM unnest(coalesce(r.leaves, ARRAY[r.outbox])) AS part),
                   (SELECT created_at FROM \(schema).source WHERE transaction_id IS NOT NULL
                    ORDER BY outbox_id LIMIT 1),
                   cardinality(r.leaves)::bigint, pg_sequence_last_value(to_regclass(r.leaf_sequence))
            FROM \(schema).relay AS r CROSS JOIN fresh CROSS JOIN late CROSS JOIN f LEFT JOIN newest ON true
            """
    }
}
