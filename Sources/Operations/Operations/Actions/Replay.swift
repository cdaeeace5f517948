import Outbox
import Postgres

/// Rows that are published again: their copies go through the outbox, with the header `outbox_replay`.
public struct Replay: Codable, Sendable {
    /// The header that says that a record is a copy, and of which replay.
    static let header: StaticString = "outbox_replay"

    /// The value of the header.
    public var replayId: Int64
    /// The first id that it may copy.
    public var fromId: Int64
    /// The last id that it may copy.
    public var toId: Int64
    /// Rows of this type; nil for all.
    public var aggregateType: String?
    /// Rows of this id; nil for all.
    public var aggregateId: String?
    /// The most rows that are copied in a second.
    public var rowsPerSecond: Int
    /// By the clock of Postgres.
    public var askedAt: Moment
    /// As the desk was told.
    public var caller: String?
    /// As it was given.
    public var reason: String
    /// Rows with ids up to this one are copied, or not meant.
    public var doneThrough: Int64
    /// Rows that were copied so far.
    public var copied: Int64
    /// When it was asked to stop; nil if it was not.
    public var stopAskedAt: Moment?
    /// nil while it is not over.
    public var endedAt: Moment?
    /// Whether a session of Postgres works on it now.
    public var isRunning: Bool

    /// The share of the range of ids that is done, from 0 to 1.
    public var progress: Double { Double(doneThrough - fromId + 1) / Double(toId - fromId + 1) }
}

extension OutboxEvent {
    /// The number of the replay that made this copy; nil for a row that is none.
    var replayOf: String? { headers?["\(Replay.header)"] }
}

extension OperatorDesk {
    /// What a replay would publish: its first rows in order, and their number up to a bound. Rows that are not
    /// published, that are held or that are copies of an earlier replay are left out.
    ///
    /// - Throws: ``OperatorError`` for a filter that a replay does not know.
    public func previewReplay(_ filter: EventFilter) throws -> ActionPreview {
        try requireCopies()
        var (events, cursor, scanned, more) = ([OutboxEvent](), Int64?.none, 0, true)
        let range = try range(of: filter)
        var filter = filter
        (filter.fromId, filter.toId, filter.state) = (range.from, range.to, .published)
        while events.count < OperationsLimits.previewRows, scanned < OperationsLimits.rowsCounted, more {
            let page = try self.events(
                filter, order: .oldestFirst, after: cursor, limit: OperationsLimits.rowsPerPage)
            events += page.events.filter { $0.replayOf == nil }
            scanned += page.scanned
            (cursor, more) = (page.next, page.next != nil)
        }
        var preview = ActionPreview(
            action: "replay", summary: "", keys: Set(events.map(\.key)).count, rows: events.count, isMore: more,
            events: Array(events.prefix(OperationsLimits.previewRows)), dropped: [])
        preview.summary = "replaying publishes \(preview.countOfRows) again, in this order"
        return preview
    }

    /// Records a replay. ``runReplay(_:)`` does it.
    ///
    /// - Parameters:
    ///   - filter: the ids, the times, the type and the key; a replay knows no other conditions.
    ///   - rowsPerSecond: 1 to 100,000.
    /// - Throws: ``OperatorError`` for an empty reason, a rate out of bounds, or a filter that no row can match;
    ///   `PostgresError`.
    public func beginReplay(_ filter: EventFilter, rowsPerSecond: Int, reason: String) throws -> Replay {
        guard (1...OperationsLimits.replayRowsPerSecond).contains(rowsPerSecond) else {
            throw OperatorError("the rate must be 1 to \(OperationsLimits.replayRowsPerSecond) rows per second")
        }
        try requireCopies()
        let range = try range(of: filter)
        let receipt = try acting(reason) {
            try decided(
                """
                WITH asked AS (
                    INSERT INTO \(schema).replay (from_id, to_id, since, until, aggregate_type, aggregate_id,
                                                  rows_per_second, caller, reason, done_through)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $9, $8, $1 - 1) RETURNING *
                ), noted AS (
                    INSERT INTO \(schema).decision
                        (decided_at, action, aggregate_type, aggregate_id, reason, caller, details)
                    SELECT transaction_timestamp(), 'replay', aggregate_type, aggregate_id, reason, caller,
                           jsonb_build_object('replay_id', replay_id, 'from_id', from_id, 'to_id', to_id,
                                              'since', since, 'until', until)
                    FROM asked RETURNING decision_id
                )
                SELECT 1::bigint, (SELECT replay_id FROM asked), transaction_timestamp(), min(decision_id),
                       max(decision_id)
                FROM noted
                """,
                [
                    .int8(range.from), .int8(range.to),
                    .timestamp(microsecondsSince1970: filter.since?.microseconds),
                    .timestamp(microsecondsSince1970: filter.until?.microseconds), .text(filter.aggregateType),
                    .text(filter.aggregateId), .int4(Int32(rowsPerSecond)), .text(reason), .text(caller),
                ], "replay", reason)
        }
        guard let replay = try replay(Int64(receipt.rows)) else { throw OperatorError("the replay is gone") }
        return replay
    }

    /// A replay inserts copies through the view `source`. Of an adopted table it may compute columns, headers always.
    private func requireCopies() throws {
        let rows = try query(
            """
            SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns
            WHERE table_schema = $1 AND table_name = 'source' AND is_updatable = 'NO'
              AND column_name IN ('event_id', 'aggregate_type', 'aggregate_id', 'sequence_number', 'event_type',
                                  'payload', 'headers')
            """, [.text(schemaName)])
        var row = RowCursor(rows)
        guard let columns = try row.optionalText() else { return }
        throw OperatorError(
            "rows of this adopted table cannot be copied, because the view \(schemaName).source computes \(columns): "
                + "outboxctl rebase --republish-since publishes rows again, with the relays stopped")
    }

    /// The ids that a replay begins and ends with: nothing that is written later is part of it.
    private func range(of filter: EventFilter) throws -> (from: Int64, to: Int64) {
        guard filter.state == nil || filter.state == .published, filter.eventType == nil else {
            throw OperatorError("a replay knows ids, times, a type and a key; it repeats published rows only")
        }
        let newest = try newestId()
        return try reading {
            guard let newest else { throw OperatorError("the outbox is empty") }
            var range = (from: max(filter.fromId ?? 1, 1), to: min(filter.toId ?? newest, newest))
            if let since = filter.since {
                guard let first = try firstId(since: since) else { throw OperatorError("no row is that young") }
                range.from = max(range.from, first)
            }
            if let until = filter.until {
                let end = until.microseconds + 2 * OperationsLimits.clockSlackSeconds * 1_000_000
                if let last = try firstId(since: Moment(microseconds: end)) { range.to = min(range.to, last) }
            }
            guard range.from <= range.to else { throw OperatorError("no row has such an id") }
            return range
        }
    }

    /// Starts the copying and returns at once; the server goes on when this connection is closed. For a replay that
    /// was interrupted as well: it goes on where it was. The connection can be used for nothing else until it is over,
    /// and must have no statement deadline.
    public func runReplay(_ replayId: Int64) throws {
        try runInServer("run_replay", replayId, name: "outbox-replay \(replayId)")
    }

    /// Starts a procedure of the relay's schema that goes on when this connection is closed.
    ///
    /// - Parameter name: of the session, by which it is found in `pg_stat_activity`.
    func runInServer(_ procedure: String, _ job: Int64, name: String) throws {
        try connection.execute(
            """
            SET statement_timeout = 0; SET client_connection_check_interval = 0; SET application_name = '\(name)'
            """
        )
        _ = try connection.start(
            PostgresStatement("CALL \(schema).\(procedure)($1)", isPlannedEachTime: true), [.int8(job)])
    }

    /// One replay; nil if there is none of that number.
    public func replay(_ replayId: Int64) throws -> Replay? {
        try replays("WHERE replay_id = $1", [.int8(replayId)]).first
    }

    /// The newest replays.
    public func replays() throws -> [Replay] { try replays("", []) }

    private func replays(_ condition: String, _ parameters: [PostgresParameter]) throws -> [Replay] {
        let rows = try reading {
            try query(
                """
                SELECT replay_id, from_id, to_id, aggregate_type, aggregate_id, rows_per_second, asked_at, caller,
                       reason, done_through, copied, stop_asked_at, ended_at,
                       EXISTS (SELECT FROM pg_stat_activity AS a
                               WHERE a.datname = current_database()
                                 AND a.application_name = 'outbox-replay ' || replay_id)
                FROM \(schema).replay \(condition) ORDER BY replay_id DESC LIMIT \(OperationsLimits.replaysShown)
                """, parameters)
        }
        return try rows.cursors.map { row in
            var row = row
            return Replay(
                replayId: try row.int64(), fromId: try row.int64(), toId: try row.int64(),
                aggregateType: try row.optionalText(), aggregateId: try row.optionalText(),
                rowsPerSecond: Int(try row.int32()), askedAt: try row.moment(), caller: try row.optionalText(),
                reason: try row.text(), doneThrough: try row.int64(), copied: try row.int64(),
                stopAskedAt: try row.optionalMoment(), endedAt: try row.optionalMoment(),
                isRunning: try row.bool())
        }
    }

    /// Ends a replay behind the chunk that is being copied, and one that was interrupted at once. Rows that are copied
    /// already are published.
    ///
    /// - Parameter reason: recorded with a decision of its own.
    /// - Throws: ``OperatorError`` for an empty reason, or if it has ended; `PostgresError`.
    public func stopReplay(_ replayId: Int64, reason: String) throws -> Receipt {
        let receipt = try decide(.stop, .replay, replayId, reason)
        return receipt.telling("replay \(replayId) ends behind the rows that are being copied")
    }

    /// Records that an interrupted replay goes on. ``runReplay(_:)`` does it.
    ///
    /// - Throws: ``OperatorError`` for an empty reason, if it runs, or if it has ended; `PostgresError`.
    public func continueReplay(_ replayId: Int64, reason: String) throws -> Receipt {
        let receipt = try decide(.continue, .replay, replayId, reason)
        return receipt.telling("replay \(replayId) goes on behind the rows that are copied already")
    }
}
