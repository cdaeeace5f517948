import Postgres

extension OperatorDesk {
    /// An id such that rows written before `moment`, less the slack, have lower ones; nil if all rows are older.
    ///
    /// Ids grow with time, but for rows that were being written at the same moment. So the first row of a time is found
    /// by halving, one lookup by id for each step. Inside ``reading(_:)``.
    ///
    /// - Parameter slack: how far times and ids may be out of step, in microseconds.
    func firstId(
        since moment: Moment, slack: Int64 = OperationsLimits.clockSlackSeconds * 1_000_000
    ) throws -> Int64? {
        let wanted = Moment(microseconds: moment.microseconds - slack)
        guard var high = try edge("DESC")?.id, var low = try edge("ASC")?.id else { return nil }
        var found: Int64?
        for _ in 0..<OperationsLimits.timeSearchSteps where low <= high {
            let middle = low + (high - low) / 2
            guard let row = try row(from: middle), row.id <= high else {
                high = middle - 1
                continue
            }
            if row.at >= wanted {
                found = row.id
                high = middle - 1
            } else {
                low = row.id + 1
            }
        }
        return found
    }

    private func edge(_ direction: String) throws -> (id: Int64, at: Moment)? {
        try dated(
            query(
                """
                SELECT outbox_id, created_at FROM \(schema).source WHERE transaction_id IS NOT NULL
                ORDER BY outbox_id \(direction) LIMIT 1
                """))
    }

    private func row(from id: Int64) throws -> (id: Int64, at: Moment)? {
        try dated(
            query(
                "SELECT outbox_id, created_at FROM \(schema).source WHERE outbox_id >= $1 ORDER BY outbox_id LIMIT 1",
                [.int8(id)]))
    }

    private func dated(_ rows: PostgresResult) throws -> (id: Int64, at: Moment)? {
        guard rows.count == 1 else { return nil }
        var row = RowCursor(rows)
        return (try row.int64(), try row.optionalMoment() ?? Moment(microseconds: .min))
    }
}
