import Postgres

extension OperatorDesk {
    /// An id such that rows written before `moment`, less the slack, have lower ones; nil if all rows are older. Inside
    /// ``reading(_:)``.
    ///
    /// - Parameter slack: how far times and ids may be out of step, in microseconds.
    func firstId(
        since moment: Moment, slack: Int64 = OperationsLimits.clockSlackSeconds * 1_000_000
    ) throws -> Int64? {
        var row = RowCursor(
            try query(
                firstIdQuery(since: "$1::timestamptz"),
                [.timestamp(microsecondsSince1970: moment.microseconds - slack)]))
        return try row.optionalInt64()
    }

    /// A query of one row: the first id of a time, or NULL.
    ///
    /// Ids grow with time, but for rows that were being written at the same moment. So the first row of a time is found
    /// by halving, one lookup by id for each step, all in one statement.
    ///
    /// - Parameter moment: SQL of a `timestamptz`.
    func firstIdQuery(since moment: String) -> String {
        let edge = "SELECT outbox_id FROM \(schema).source WHERE transaction_id IS NOT NULL ORDER BY outbox_id"
        return """
            WITH RECURSIVE search (step, low, high, found) AS (
                SELECT 0, (\(edge) LIMIT 1), (\(edge) DESC LIMIT 1), NULL::bigint
                UNION ALL
                SELECT s.step + 1,
                       CASE WHEN o.outbox_id <= s.high AND NOT o.is_young THEN o.outbox_id + 1 ELSE s.low END,
                       CASE WHEN o.outbox_id <= s.high AND NOT o.is_young THEN s.high ELSE m.middle - 1 END,
                       CASE WHEN o.outbox_id <= s.high AND o.is_young THEN o.outbox_id END
                FROM search AS s CROSS JOIN LATERAL (SELECT s.low + (s.high - s.low) / 2) AS m (middle)
                LEFT JOIN LATERAL (
                    SELECT outbox_id, coalesce(created_at, '-infinity') >= \(moment) AS is_young
                    FROM \(schema).source WHERE outbox_id >= m.middle ORDER BY outbox_id LIMIT 1) AS o ON true
                WHERE s.low <= s.high AND s.step < \(OperationsLimits.timeSearchSteps)
            )
            SELECT min(found) AS id FROM search
            """
    }
}
