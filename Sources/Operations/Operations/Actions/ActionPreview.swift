import Postgres
import Values

/// What an action would do. Nothing is changed by asking.
public struct ActionPreview: Codable, Sendable {
    /// `release`, `skip`, `edit`, `pause`, `resume`, `replay`, `rebuild`, or one of these with a step before it:
    /// `stop_replay`.
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

    /// `12 rows`, `10 000 or more rows`.
    public var countOfRows: String { Self.count(rows, isMore, "row") }
    /// `1 key`, `10 000 or more keys`.
    public var countOfKeys: String { Self.count(keys, isMore && keys > 1, "key") }

    /// Of a preview without keys.
    var wordsOfNone: String {
        isMore
            ? "no key matches among the parked keys that were looked at; the action looks at all of them"
            : "no parked key matches"
    }

    private static func count(_ number: Int, _ isMore: Bool, _ word: String) -> String {
        "\(DigitGroups.text(number))\(isMore ? " or more" : "") \(number == 1 && !isMore ? word : word + "s")"
    }
}

extension OperatorDesk {
    /// What a release of the keys that match would publish.
    public func previewRelease(_ filter: ParkedFilter) throws -> ActionPreview {
        try reading {
            var preview = try counts("release", filter)
            preview.events = try details(
                try heldIds(filter, isSkipped: false), try checkpoint(), bytes: OperationsLimits.listedPayloadBytes)
            preview.dropped = try heldIds(filter, isSkipped: true)
            let what = preview.countOfRows
            let which =
                filter.isOneKey
                ? "\(filter.aggregateType ?? "")/\(filter.aggregateId ?? "")"
                : preview.countOfKeys
            preview.summary =
                preview.keys == 0
                ? preview.wordsOfNone
                : "releasing \(which) publishes \(what), \(filter.isOneKey ? "" : "those of each key ")in this order"
            if !preview.dropped.isEmpty {
                preview.summary +=
                    "; \(preview.dropped.count) skipped \(preview.dropped.count == 1 ? "row is" : "rows are") dropped"
            }
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
            + "then publishes \(preview.countOfRows), in this order"
        return preview
    }

    func key(ofHeld outboxId: Int64) throws -> ParkedFilter? {
        let rows = try query(
            "SELECT aggregate_type, aggregate_id FROM \(schema).held WHERE outbox_id = $1", [.int8(outboxId)])
        guard rows.count == 1 else { return nil }
        var row = RowCursor(rows)
        return ParkedFilter(aggregateType: try row.text(), aggregateId: try row.text())
    }

    /// Keys and rows that match, counted up to a bound.
    func counts(_ action: String, _ filter: ParkedFilter) throws -> ActionPreview {
        let limit = OperationsLimits.rowsCounted
        let walk = ParkedWalk(filter, schema: schema, limit: limit + 1)
        // All held rows need no look at their keys.
        let held =
            filter.isEmpty
            ? "\(schema).held AS h"
            : "found AS k JOIN \(schema).held AS h USING (aggregate_type, aggregate_id)"
        let rows = try query(
            """
            WITH \(walk.sql)
            SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM scanned),
                   (SELECT count(*) FROM (SELECT FROM \(held) WHERE NOT h.skipped LIMIT \(limit + 1)) AS counted)
            """, walk.parameters)
        var row = RowCursor(rows)
        let (keys, scanned, heldRows) = (try row.int(), try row.int(), try row.int())
        return ActionPreview(
            action: action, summary: "", keys: min(keys, limit), rows: min(heldRows, limit),
            isMore: keys > limit || heldRows > limit || scanned == walk.scan, events: [], dropped: [])
    }

    func heldIds(_ filter: ParkedFilter, isSkipped: Bool) throws -> [Int64] {
        let walk = ParkedWalk(filter, schema: schema, limit: OperationsLimits.previewRows)
        let rows = try query(
            """
            WITH \(walk.sql)
            SELECT h.outbox_id
            FROM found AS k
            CROSS JOIN LATERAL (
                SELECT hold_id, outbox_id FROM \(schema).held AS h
                WHERE h.aggregate_type = k.aggregate_type AND h.aggregate_id = k.aggregate_id
                    AND h.skipped = \(isSkipped)
                ORDER BY h.hold_id LIMIT \(OperationsLimits.previewRows)) AS h
            ORDER BY k.aggregate_type, k.aggregate_id, h.hold_id LIMIT \(OperationsLimits.previewRows)
            """, walk.parameters)
        return try rows.cursors.map { row in
            var row = row
            return try row.int64()
        }
    }
}
