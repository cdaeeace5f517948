import Postgres

/// What an action would do. Nothing is changed by asking.
public struct ActionPreview: Codable, Sendable {
    /// `release`, `skip`, `edit`, `pause`, `resume`, `replay` or `rebuild`.
    public var action: String
    /// One sentence: `releasing order/4711 publishes these 12 rows in this order`.
    public var summary: String
    /// How many keys it concerns, and how many rows Kafka would get.
    public var keys: Int
    /// The rows that Kafka would get.
    public var rows: Int
    /// Whether there are more than the numbers say, because counting ended at a bound.
    public var isMore: Bool
    /// The first of these rows, in the order in which they would be published; for a skip in bulk the first rows that
    /// would be dropped.
    public var events: [OutboxEvent]
    /// The rows that would be dropped, unpublished; at most as many as `events` may have.
    public var dropped: [Int64]
}

extension OperatorDesk {
    /// What a release of the keys that match would publish.
    public func previewRelease(_ filter: ParkedFilter) throws -> ActionPreview {
        try reading {
            var preview = try counts("release", filter)
            preview.events = try details(
                try heldIds(filter, isSkipped: false), try checkpoint(), bytes: OperationsLimits.listedPayloadBytes)
            preview.dropped = try heldIds(filter, isSkipped: true)
            let what = "\(preview.rows)\(preview.isMore ? " or more" : "") \(preview.rows == 1 ? "row" : "rows")"
            let which =
                filter.isOneKey
                ? "\(filter.aggregateType ?? "")/\(filter.aggregateId ?? "")"
                : "\(preview.keys)\(preview.isMore ? " or more keys" : preview.keys == 1 ? " key" : " keys")"
            preview.summary =
                preview.keys == 0
                ? "no parked key matches"
                : "releasing \(which) publishes \(what), those of each key in this order"
            if !preview.dropped.isEmpty { preview.summary += "; \(preview.dropped.count) skipped rows are dropped" }
            return preview
        }
    }

    /// What skipping a row lets go: the rows of its key that are not skipped. nil if the row is not held.
    public func previewSkip(_ outboxId: Int64) throws -> ActionPreview? {
        guard let key = try key(ofHeld: outboxId) else { return nil }
        var preview = try previewRelease(key)
        preview.action = "skip"
        if preview.events.contains(where: { $0.outboxId == outboxId }) { preview.rows -= 1 }
        preview.events.removeAll { $0.outboxId == outboxId }
        if !preview.dropped.contains(outboxId) { preview.dropped.append(outboxId) }
        preview.summary =
            "skipping row \(outboxId) drops it for good; releasing \(key.aggregateType ?? "")/\(key.aggregateId ?? "") "
            + "then publishes \(preview.rows)\(preview.isMore ? " or more" : "") rows, in this order"
        return preview
    }

    func key(ofHeld outboxId: Int64) throws -> ParkedFilter? {
        let rows = try query(
            "SELECT aggregate_type, aggregate_id FROM \(schema).held WHERE outbox_id = $1", [.int8(outboxId)])
        guard rows.count == 1 else { return nil }
        var row = RowCursor(rows)
        return ParkedFilter(aggregateType: try row.text(), aggregateId: try row.text())
    }

    func counts(_ action: String, _ filter: ParkedFilter) throws -> ActionPreview {
        let limit = OperationsLimits.rowsCounted
        let rows = try query(
            """
            WITH keys AS MATERIALIZED (
                SELECT aggregate_type, aggregate_id FROM \(schema).parked AS p WHERE \(ParkedFilter.condition(schema))
                LIMIT \(limit + 1))
            SELECT (SELECT count(*) FROM keys),
                   (SELECT count(*) FROM (
                        SELECT FROM keys AS k JOIN \(schema).held AS h USING (aggregate_type, aggregate_id)
                        WHERE NOT h.skipped LIMIT \(limit + 1)) AS counted)
            """, [filter.parameter()])
        var row = RowCursor(rows)
        let (keys, held) = (try row.int(), try row.int())
        return ActionPreview(
            action: action, summary: "", keys: min(keys, limit), rows: min(held, limit),
            isMore: keys > limit || held > limit, events: [], dropped: [])
    }

    func heldIds(_ filter: ParkedFilter, isSkipped: Bool) throws -> [Int64] {
        let rows = try query(
            """
            SELECT h.outbox_id
            FROM (SELECT aggregate_type, aggregate_id FROM \(schema).parked AS p WHERE \(ParkedFilter.condition(schema))
                  ORDER BY parked_at, aggregate_type, aggregate_id LIMIT \(OperationsLimits.previewRows)) AS k
            CROSS JOIN LATERAL (
                SELECT hold_id, outbox_id FROM \(schema).held AS h
                WHERE h.aggregate_type = k.aggregate_type AND h.aggregate_id = k.aggregate_id AND h.skipped = $2
                ORDER BY h.hold_id LIMIT \(OperationsLimits.previewRows)) AS h
            ORDER BY k.aggregate_type, k.aggregate_id, h.hold_id LIMIT \(OperationsLimits.previewRows)
            """, [filter.parameter(), .bool(isSkipped)])
        return try rows.cursors.map { row in
            var row = row
            return try row.int64()
        }
    }
}
