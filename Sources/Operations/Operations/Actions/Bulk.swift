import Postgres

/// A decision about all parked keys that match a filter. The server makes it, a hundred keys at a time.
public struct Bulk: Codable, Sendable {
    /// What is decided about each key.
    public enum Action: Sendable {
        /// The relay publishes the held rows of the key.
        case release
        /// Held rows are dropped, unpublished, when the key is released.
        case skip
        /// Held rows get these headers when the key is released, and lose those with these names.
        ///
        /// Payloads cannot be changed in bulk: what they mean is known to their owners only, and a preview of a hundred
        /// rows does not show what becomes of the others. Headers are names and texts in every row.
        case edit(set: [String: String], remove: [String])

        var name: String {
            switch self {
            case .release: "release"
            case .skip: "skip"
            case .edit: "edit"
            }
        }
    }

    /// Which held rows of a key a skip or an edit is about.
    public enum Rows: String, Codable, Sendable, CaseIterable {
        /// The one that Kafka refused.
        case refused
        /// All.
        case all
    }

    /// Its number.
    public var bulkId: Int64
    /// `release`, `skip` or `edit`.
    public var action: String
    /// Which keys are meant.
    public var filter: ParkedFilter
    /// Which of their rows; without a meaning for a release.
    public var rowsMeant: Rows
    /// By the clock of Postgres, as the other times.
    public var askedAt: Moment
    /// As the desk was told.
    public var caller: String?
    /// As it was given.
    public var reason: String
    /// Keys that matched at the beginning.
    public var totalKeys: Int
    /// Keys that are changed.
    public var keys: Int
    /// Rows that are changed; for a release the number of keys.
    public var rows: Int
    /// Keys that could not be changed, and those that needed no change.
    public var passedOver: Int
    /// Why the last one of them could not be changed.
    public var fault: String?
    /// The first and the last of its decisions.
    public var firstDecision: Int64?
    /// See ``firstDecision``.
    public var lastDecision: Int64?
    /// When it was asked to stop; nil if it was not.
    public var stopAskedAt: Moment?
    /// nil while it is not over.
    public var endedAt: Moment?
    /// Whether a session of Postgres works on it now.
    public var isRunning: Bool
}

extension OperatorDesk {
    /// What a bulk action would do: how many keys and rows, and the first rows that it is about. For a release and an
    /// edit these are rows that will be published; those of a skip are dropped.
    ///
    /// - Throws: ``OperatorError`` for headers that cannot be set; `PostgresError`.
    public func previewBulk(_ action: Bulk.Action, _ filter: ParkedFilter, rows: Bulk.Rows) throws -> ActionPreview {
        try Self.check(action, filter)
        if case .release = action { return try previewRelease(filter) }
        return try reading {
            var preview = try counts(action.name, filter)
            let ids = rows == .all ? try heldIds(filter, isSkipped: false) : try refusedIds(filter)
            if rows == .refused { preview.rows = preview.keys }
            let events = try details(ids, try checkpoint(), bytes: OperationsLimits.listedPayloadBytes)
            let what = "\(preview.countOfRows) of \(preview.countOfKeys)"
            if case .skip = action {
                preview.dropped = ids
                preview.events = events
                preview.summary = "skipping drops \(what) for good, when the keys are released"
            } else {
                preview.events = events
                preview.summary = "editing changes the headers of \(what); they are published so when released"
            }
            if preview.keys == 0 { preview.summary = preview.wordsOfNone }
            return preview
        }
    }

    private func refusedIds(_ filter: ParkedFilter) throws -> [Int64] {
        let walk = ParkedWalk(filter, schema: schema, limit: OperationsLimits.previewRows)
        let rows = try query(
            "WITH \(walk.sql) SELECT outbox_id FROM found ORDER BY parked_at, aggregate_type, aggregate_id",
            walk.parameters)
        return try (0..<rows.count).map { try rows.int64($0, 0) }
    }

    private static func check(_ action: Bulk.Action, _ filter: ParkedFilter) throws {
        if filter.topic != nil, filter.topics == nil {
            throw OperatorError("a filter by topic needs to know how rows get their topics: RELAY_TOPIC")
        }
        guard case .edit(let set, let remove) = action else { return }
        guard !set.isEmpty || !remove.isEmpty else { throw OperatorError("nothing would be changed: name headers") }
        if let name = (Array(set.keys) + remove).first(where: { $0.isEmpty }) {
            throw OperatorError("'\(name)' is no name of a header")
        }
        if let name = remove.first(where: { set[$0] != nil }) {
            throw OperatorError("the header \(name) cannot be set and removed at once")
        }
    }

    /// Records a bulk action. ``runBulk(_:)`` does it.
    ///
    /// - Parameter reason: recorded with the decision to begin, and with the one about each key.
    /// - Throws: ``OperatorError`` for an empty reason, and for headers that cannot be set; `PostgresError`.
    public func beginBulk(
        _ action: Bulk.Action, _ filter: ParkedFilter, rows: Bulk.Rows = .refused, reason: String
    ) throws -> Bulk {
        try Self.check(action, filter)
        var (set, remove) = ([String: String](), [String]())
        if case .edit(let headers, let names) = action { (set, remove) = (headers, names) }
        var names = PostgresArray(.text, reserving: remove.count)
        for name in remove { names.append(name) }
        let receipt = try acting(reason) {
            let keys = try countedKeys(filter)
            return try decided(
                """
                WITH asked AS (
                    INSERT INTO \(schema).bulk
                        (filter, action, rows_meant, set_headers, remove_headers, caller, reason, total_keys)
                    VALUES ($1::jsonb, $2, $3, $4::jsonb, $5, $6, $7, $8) RETURNING *
                ), noted AS (
                    INSERT INTO \(schema).decision (decided_at, action, reason, caller, details)
                    SELECT transaction_timestamp(), action, reason, caller,
                           jsonb_build_object('bulk_id', bulk_id, 'filter', filter, 'keys', total_keys)
                           || CASE action WHEN 'release' THEN '{}' ELSE jsonb_build_object('rows_meant', rows_meant) END
                           || CASE action WHEN 'edit' THEN jsonb_build_object(
                                  'set_headers', set_headers, 'remove_headers', remove_headers) ELSE '{}' END
                    FROM asked RETURNING decision_id
                )
                SELECT 0::bigint, (SELECT bulk_id FROM asked), transaction_timestamp(), min(decision_id),
                       max(decision_id)
                FROM noted
                """,
                [
                    filter.parameter(), .text(action.name), .text(rows.rawValue),
                    .literal(try OperatorJSON.object(set)), .array(names), .text(caller), .text(reason),
                    .int8(Int64(keys)),
                ], action.name, reason)
        }
        guard let bulk = try bulk(Int64(receipt.rows)) else { throw OperatorError("the bulk action is gone") }
        return bulk
    }

    /// How many keys match, all of them looked at.
    private func countedKeys(_ filter: ParkedFilter) throws -> Int {
        let walk = ParkedWalk(filter, schema: schema, limit: nil, isBounded: false)
        var row = RowCursor(try query("WITH \(walk.sql) SELECT count(*) FROM found", walk.parameters))
        return try row.int()
    }

    /// Starts a bulk action and returns at once; the server goes on when this connection is closed. For one that was
    /// interrupted as well: it goes on where it was. The connection can be used for nothing else until it is over, and
    /// must have no statement deadline.
    public func runBulk(_ bulkId: Int64) throws { try runInServer("run_bulk", bulkId, name: "outbox-bulk \(bulkId)") }

    /// Ends a bulk action behind the keys that are being changed, and one that was interrupted at once. Keys whose
    /// release was asked for are released.
    ///
    /// - Parameter reason: recorded with a decision of its own.
    /// - Throws: ``OperatorError`` for an empty reason, or if it has ended; `PostgresError`.
    public func stopBulk(_ bulkId: Int64, reason: String) throws -> Receipt {
        let receipt = try decide(.stop, .bulk, bulkId, reason)
        return receipt.telling("bulk action \(bulkId) ends behind the keys that are being changed")
    }

    /// Records that an interrupted bulk action goes on. ``runBulk(_:)`` does it.
    ///
    /// - Throws: ``OperatorError`` for an empty reason, if it runs, or if it has ended; `PostgresError`.
    public func continueBulk(_ bulkId: Int64, reason: String) throws -> Receipt {
        let receipt = try decide(.continue, .bulk, bulkId, reason)
        return receipt.telling("bulk action \(bulkId) goes on behind the keys that are changed already")
    }

    /// One bulk action; nil if there is none of that number.
    public func bulk(_ bulkId: Int64) throws -> Bulk? { try bulks("WHERE bulk_id = $1", [.int8(bulkId)]).first }

    /// The newest bulk actions.
    public func bulks() throws -> [Bulk] { try bulks("", []) }

    /// How far the relay is with the keys that a bulk release has asked for.
    public func progress(of bulk: Bulk) throws -> ReleaseProgress {
        try progress(asked: bulk.keys, from: bulk.firstDecision, to: bulk.lastDecision, bulk: bulk.bulkId)
    }

    private func bulks(_ condition: String, _ parameters: [PostgresParameter]) throws -> [Bulk] {
        let rows = try reading {
            try query(
                """
                SELECT bulk_id, action, filter::text, rows_meant, asked_at, caller, reason, total_keys, keys, rows,
                       passed_over, fault, first_decision, last_decision, stop_asked_at, ended_at,
                       EXISTS (SELECT FROM pg_stat_activity AS a
                               WHERE a.datname = current_database()
                                 AND a.application_name = 'outbox-bulk ' || bulk_id)
                FROM \(schema).bulk \(condition) ORDER BY bulk_id DESC LIMIT \(OperationsLimits.replaysShown)
                """, parameters)
        }
        return try rows.cursors.map { row in
            var row = row
            return Bulk(
                bulkId: try row.int64(), action: try row.text(),
                filter: try OperatorJSON.value(ParkedFilter.self, from: try row.text()),
                rowsMeant: Bulk.Rows(rawValue: try row.text()) ?? .refused, askedAt: try row.moment(),
                caller: try row.optionalText(), reason: try row.text(), totalKeys: try row.int(),
                keys: try row.int(), rows: try row.int(), passedOver: try row.int(), fault: try row.optionalText(),
                firstDecision: try row.optionalInt64(), lastDecision: try row.optionalInt64(),
                stopAskedAt: try row.optionalMoment(), endedAt: try row.optionalMoment(),
                isRunning: try row.bool())
        }
    }
}
