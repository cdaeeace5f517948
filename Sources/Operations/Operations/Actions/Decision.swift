import Postgres

/// What was decided about an outbox: one row of the append-only table `decision`.
public struct Decision: Codable, Sendable {
    /// Grows with each decision.
    public var decisionId: Int64
    /// By the clock of Postgres.
    public var decidedAt: Moment
    /// `park`, `release`, `skip`, `edit`, `pause`, `resume`, `replay`, `rebuild`, `rebase`, `adopt` or `upgrade`.
    public var action: String
    /// Work that goes on without the caller, and that this is about: `replay 3`, `rebuild 2`, `bulk action 7`; nil for
    /// an action that was done at once.
    public var about: String?
    /// `stop` or `continue`: what was decided about ``about`` after its beginning; nil for its beginning.
    public var step: String?
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
    /// Whether ``details`` are left out because they are too long for a page of several decisions.
    public var detailsLeftOut: Bool?
}

extension Decision {
    /// The members of ``details`` that say which work is meant.
    private struct Work: Decodable {
        var replayId: Int64?
        var rebuildId: Int64?
        var bulkId: Int64?
        var stop: Bool?
        var `continue`: Bool?
    }

    /// Fills in ``about`` and ``step``, and leaves out what must be hidden.
    mutating func tell(_ json: String?, isTooLong: Bool, hidesPayloads: Bool) {
        if isTooLong, !hidesPayloads { detailsLeftOut = true }
        guard let json else { return }
        if let work = try? OperatorJSON.value(Work.self, from: json) {
            about =
                work.replayId.map { "replay \($0)" } ?? work.rebuildId.map { "rebuild \($0)" }
                ?? work.bulkId.map { "bulk action \($0)" }
            step = work.stop == true ? "stop" : work.continue == true ? "continue" : nil
        }
        // Only an edit keeps payloads and values of headers.
        details = hidesPayloads && action == "edit" ? nil : json
    }
}

extension OperatorDesk {
    /// Decisions, newest first. In a page of several, long details are left out; a page of one shows them.
    ///
    /// - Parameters:
    ///   - cursor: the `decisionId` of the last one of the page before; nil for the first page.
    ///   - limit: 1 to ``OperationsLimits/decisionsPerPage``; a number beyond is taken for the nearest.
    public func decisions(after cursor: Int64? = nil, limit: Int = 50) throws -> [Decision] {
        let limit = min(max(limit, 1), OperationsLimits.decisionsPerPage)
        let most = limit == 1 ? OperationsLimits.shownDetailBytes : OperationsLimits.listedDetailBytes
        // Details that are long as they are stored are not unpacked.
        let rows = try reading {
            try query(
                """
                SELECT decision_id, decided_at, action, aggregate_type, aggregate_id, outbox_id, decided_by, caller,
                       reason, CASE WHEN fits THEN details::text END, NOT fits
                FROM (SELECT *, CASE WHEN pg_column_size(details) > \(most) THEN false
                                     ELSE coalesce(octet_length(details::text), 0) <= \(most) END AS fits
                      FROM \(schema).decision WHERE decision_id < $1 ORDER BY decision_id DESC LIMIT \(limit)) AS page
                ORDER BY decision_id DESC
                """, [.int8(cursor ?? .max)])
        }
        return try rows.cursors.map { row in
            var row = row
            var decision = Decision(
                decisionId: try row.int64(), decidedAt: try row.moment(), action: try row.text(),
                aggregateType: try row.optionalText(), aggregateId: try row.optionalText(),
                outboxId: try row.optionalInt64(), decidedBy: try row.text(), caller: try row.optionalText(),
                reason: try row.text())
            decision.tell(try row.optionalText(), isTooLong: try row.bool(), hidesPayloads: hidesPayloads)
            return decision
        }
    }
}
