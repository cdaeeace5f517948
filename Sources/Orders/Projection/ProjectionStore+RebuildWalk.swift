import EventStore
import Postgres

// What a rebuild reads and writes, see ProjectionStore+Rebuild.swift: all orders, and those that changed meanwhile.

// MARK: - The walk

extension ProjectionStore {
    private static let analyze: PostgresStatement = "SELECT order_projection_rebuild_analyze()"
    private static let walked = PostgresStatement(
        """
        UPDATE order_projection_rebuild
        SET done_through = coalesce($2, done_through), orders = orders + $3, rows = rows + $4,
            unreadable = unreadable + $5,
            missing = missing + $6, behind = behind + $7, ahead = ahead + $8, different = different + $9,
            unknown = unknown + $10, examples = jsonb_path_query_array(
                examples || $11::jsonb, '$[0 to \(ProjectionLimits.rebuildExamples - 1)]'),
            filled_at = CASE WHEN $12 THEN clock_timestamp() END,
            pace_since = CASE WHEN worker = $1 THEN pace_since ELSE clock_timestamp() END,
            pace_orders = CASE WHEN worker = $1 THEN pace_orders ELSE orders END,
            next_step_at = clock_timestamp() + $13 * interval '1 microsecond',
            worker = $1, worked_at = clock_timestamp(), trouble = NULL
        WHERE ended_at IS NULL
        """)

    /// The next orders of the walk. The rate bounds how many they are, so that there are several steps in a second.
    func walkOn(_ rebuild: OpenRebuild, _ maximumOrders: Int, _ isCareful: Bool) throws -> RebuildStep {
        let rate = rebuild.ordersPerSecond
        let limit = max(1, min(maximumOrders, rate / ProjectionLimits.rebuildStepsPerSecond))
        let begun = ContinuousClock.now
        let heads = try events.heads(after: rebuild.doneThrough, limit: limit)
        let histories = HistoryFold(try events.histories(of: heads.map(\.orderID)))
        var unreadable = histories.unreadable
        let rows = try fill(histories.orders, isCareful, &unreadable)
        let isLast = heads.count < limit
        let found = try differences(behind: rebuild.doneThrough, through: isLast ? nil : heads.last?.orderID)
        let pause = max(.zero, .seconds(Double(heads.count) / Double(rate)) - (.now - begun))
        try connection.query(
            Self.walked,
            [
                .text(member), .text(heads.last?.orderID), .int8(Int64(heads.count)), .int8(Int64(rows)),
                .int8(Int64(unreadable.count)),
            ] + found.parameters + [.bool(isLast), .int8(Int64(pause / .microseconds(1)))])
        // The switch gives readers a table without statistics otherwise.
        if isLast { try connection.query(Self.analyze) }
        return RebuildStep(kind: .filled(orders: heads.count), pause: pause)
    }

    /// Returns how many rows were written.
    private func fill(
        _ orders: [ProjectedOrder], _ isCareful: Bool, _ refused: inout [UnreadableReport]
    ) throws -> Int {
        if isCareful { return try write(oneByOne: orders, to: .shadow, &refused).count }
        return try write(orders, to: .shadow).count
    }
}

// MARK: - Orders that changed meanwhile

extension ProjectionStore {
    private static let countNoted: PostgresStatement = """
        SELECT count(*) FROM (SELECT FROM order_projection_rebuild_change ORDER BY order_id LIMIT $1) AS noted
        """
    private static let takeNoted: PostgresStatement = """
        DELETE FROM order_projection_rebuild_change
        WHERE order_id IN (SELECT order_id FROM order_projection_rebuild_change ORDER BY order_id LIMIT $1)
        RETURNING order_id
        """
    private static let countRows: PostgresStatement = """
        SELECT count(*) FROM order_projection_shadow WHERE order_id = ANY($1)
        """
    private static let caughtUp: PostgresStatement = """
        UPDATE order_projection_rebuild
        SET caught_up = caught_up + $2, rows = rows + $3, worker = $1, worked_at = clock_timestamp(), trouble = NULL
        WHERE ended_at IS NULL
        """

    /// More orders than the writers of the live table should wait for.
    func isMuchNoted() throws -> Bool {
        let bound = Int64(ProjectionLimits.rebuildSwitchOrders)
        return try connection.query(Self.countNoted, [.int8(bound + 1)]).int64(0, 0) > bound
    }

    func catchUp(_ maximumOrders: Int, _ isCareful: Bool) throws -> RebuildStep {
        let (read, inserted) = try writeNoted(maximumOrders, isCareful)
        try connection.query(Self.caughtUp, [.text(member), .int8(Int64(read)), .int8(Int64(inserted))])
        return RebuildStep(kind: .filled(orders: read))
    }

    /// Reads noted orders again, after their notes are taken: what is noted later is a note of its own.
    func writeNoted(_ maximumOrders: Int, _ isCareful: Bool) throws -> (read: Int, inserted: Int) {
        let taken = try connection.query(Self.takeNoted, [.int8(Int64(maximumOrders))])
        let ids = try (0..<taken.count).map { try taken.string($0, 0) }
        guard !ids.isEmpty else { return (0, 0) }
        let array = PostgresParameter.array(PostgresArray(ids))
        let before = try connection.query(Self.countRows, [array]).int64(0, 0)
        var refused: [UnreadableReport] = []
        _ = try fill(HistoryFold(try events.histories(of: ids)).orders, isCareful, &refused)
        return (ids.count, Int(try connection.query(Self.countRows, [array]).int64(0, 0) - before))
    }
}
