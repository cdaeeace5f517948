import Postgres

/// What was decided about an outbox: one row of the append-only table `decision`.
public struct Decision: Codable, Sendable {
    /// Grows with each decision.
    public var decisionId: Int64
    /// By the clock of Postgres.
    public var decidedAt: Moment
    /// `park`, `release`, `skip`, `edit`, `pause`, `resume`, `replay`, `rebuild` or `rebase`.
    public var action: String
    /// The key that it is about; nil for the relay as a whole.
    public var aggregateType: String?
    /// The same key's id.
    public var aggregateId: String?
    /// The row that it is about; nil for none.
    public var outboxId: Int64?
    /// The database role.
    public var decidedBy: String
    /// The name that the person or program gave; nil for decisions of the relay and of earlier releases.
    public var caller: String?
    /// As it was given, or the error of a parked key.
    public var reason: String
    /// What was changed, as JSON. For an edit of one row: `before` and `after`, each with `payload` (base64) and
    /// `headers`. For a bulk action `bulk_id` and the number of `rows`; otherwise the number of the replay or rebuild.
    public var details: String?
}

extension OperatorDesk {
    /// Decisions, newest first.
    ///
    /// - Parameters:
    ///   - cursor: the `decisionId` of the last one of the page before; nil for the first page.
    ///   - limit: 1 to ``OperationsLimits/decisionsPerPage``; a number beyond is taken for the nearest.
    public func decisions(after cursor: Int64? = nil, limit: Int = 50) throws -> [Decision] {
        let limit = min(max(limit, 1), OperationsLimits.decisionsPerPage)
        let rows = try reading {
            try query(
                """
                SELECT decision_id, decided_at, action, aggregate_type, aggregate_id, outbox_id, decided_by, caller,
                       reason, details::text
                FROM \(schema).decision WHERE decision_id < $1 ORDER BY decision_id DESC LIMIT \(limit)
                """, [.int8(cursor ?? .max)])
        }
        return try rows.cursors.map { row in
            var row = row
            var decision = Decision(
                decisionId: try row.int64(), decidedAt: try row.moment(), action: try row.text(),
                aggregateType: try row.optionalText(), aggregateId: try row.optionalText(),
                outboxId: try row.optionalInt64(), decidedBy: try row.text(), caller: try row.optionalText(),
                reason: try row.text(), details: try row.optionalText())
            if hidesPayloads { decision.details = nil }
            return decision
        }
    }
}
