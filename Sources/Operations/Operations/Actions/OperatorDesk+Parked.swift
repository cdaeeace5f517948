import Outbox
import Postgres

extension OperatorDesk {
    /// Parked keys that match a filter, oldest first.
    ///
    /// - Parameters:
    ///   - cursor: ``ParkedPage/next`` of the page before; nil for the first page.
    ///   - limit: 1 to ``OperationsLimits/rowsPerPage``; a number beyond is taken for the nearest.
    public func parkedKeys(
        _ filter: ParkedFilter = ParkedFilter(), after cursor: ParkedCursor? = nil, limit: Int = 50
    ) throws -> ParkedPage {
        let limit = min(max(limit, 1), OperationsLimits.rowsPerPage)
        let counted = OperationsLimits.rowsCounted / limit
        let walk = ParkedWalk(filter, schema: schema, after: cursor, limit: limit)
        let rows = try answer(
            """
            WITH \(walk.sql), walked AS MATERIALIZED (
                SELECT parked_at, aggregate_type, aggregate_id FROM scanned
                ORDER BY parked_at DESC, aggregate_type DESC, aggregate_id DESC LIMIT 1)
            SELECT (SELECT count(*) FROM scanned), w.*, p.outbox_id IS NOT NULL, p.aggregate_type, p.aggregate_id,
                   p.outbox_id, p.error, p.parked_at,
                   (SELECT count(*) FROM (SELECT FROM \(schema).held AS h
                                          WHERE h.aggregate_type = p.aggregate_type
                                            AND h.aggregate_id = p.aggregate_id
                                          LIMIT \(counted + 1)) AS rows),
                   p.retry_at, p.release_asked_at
            FROM walked AS w LEFT JOIN found AS p ON true ORDER BY p.parked_at, p.aggregate_type, p.aggregate_id
            """, walk.parameters)
        guard rows.count > 0 else { return ParkedPage(keys: [], next: nil, scanned: 0) }
        var first = RowCursor(rows)
        let scanned = try first.int()
        let last = ParkedCursor(
            parkedAt: try first.moment(), aggregateType: try first.text(), aggregateId: try first.text())
        let keys = try (0..<rows.count).compactMap { number in
            var row = first.moved(to: number)
            return try row.bool() ? try Self.key(&row, counted) : nil
        }
        // Enough keys were found before the walk ended, or it ended at its bound.
        let isFull = keys.count == limit
        let end = isFull ? keys.last.map { $0.cursor } : scanned == walk.scan ? last : nil
        return ParkedPage(keys: keys, next: end?.text, scanned: scanned)
    }

    private static func key(_ row: inout RowCursor, _ counted: Int) throws -> ParkedKeyView {
        var key = ParkedKeyView(
            aggregateType: try row.text(), aggregateId: try row.text(), outboxId: try row.int64(),
            error: try row.text(), parkedAt: try row.moment(), heldRows: try row.int(), heldRowsIsMore: false,
            retryAt: try row.optionalMoment(), releaseAskedAt: try row.optionalMoment())
        key.heldRowsIsMore = key.heldRows > counted
        key.heldRows = min(key.heldRows, counted)
        return key
    }
}

extension ParkedKeyView {
    var cursor: ParkedCursor {
        ParkedCursor(parkedAt: parkedAt, aggregateType: aggregateType, aggregateId: aggregateId)
    }
}
