import Outbox
import Postgres

extension OperatorDesk {
    /// The outbox now.
    ///
    /// A part that Postgres does not answer in time is left out, and a note says so: the rest is still told.
    ///
    /// - Parameter earlier: a status of a while ago, from which rates are computed.
    /// - Throws: `PostgresError` when Postgres is away.
    public func status(since earlier: OutboxStatus? = nil) throws -> OutboxStatus {
        var notes: [String] = []
        let backlog = try part("the rows that wait", &notes) { try self.backlog() }
        let relay = try relayState()
        let parked = try part("the parked keys", &notes) { try self.parkedCounts() }
        let sessions = try part("the sessions that block", &notes) { try sessionBlockers() }
        let storage = try part("the outbox on disk", &notes) { try self.storage() }
        var status = OutboxStatus(
            takenAt: try now(), backlog: backlog, relay: relay, blockers: [],
            parked: parked ?? .init(keys: 0, heldRows: 0, isEstimate: true, releasing: 0), storage: storage,
            notes: notes)
        status.blockers = status.relayBlockers + (sessions ?? [])
        if let earlier { status.compare(with: earlier) }
        return status
    }

    /// nil, with a note, for an answer that takes too long or that the role may not see.
    private func part<T>(_ name: String, _ notes: inout [String], _ body: () throws -> T) throws -> T? {
        do {
            return try body()
        } catch let error as PostgresError where error.sqlState == Self.canceled {
            notes.append("\(name): no answer within \(OperationsLimits.statementMilliseconds) ms")
            return nil
        } catch let error as PostgresError where error.sqlState == SQLState.insufficientPrivilege {
            notes.append("\(name): \(error.message)")
            return nil
        }
    }

    /// `query_canceled`: the statement's time was over.
    private static let canceled = "57014"

    // MARK: Relay

    private func relayState() throws -> RelayState {
        // A relay's schema of an earlier release has no column for a pause.
        let rows = try reading {
            try query(
                """
                SELECT nullif(s.leader, ''), s.epoch, s.lease_is_valid, s.lease_until, s.is_asleep, s.cut,
                       s.is_draining, s.drained_through, s.moved_at,
                       (SELECT count(*) FROM pg_stat_activity AS a
                        WHERE a.datname = current_database() AND a.application_name = 'outbox-relay lead'
                          AND NOT EXISTS (
                              SELECT FROM pg_locks AS l
                              WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock'
                                AND l.granted AND l.objsubid = 2 AND l.objid::bigint = r.leader_lock)),
                       (to_jsonb(r) ->> 'paused_at')::timestamptz, to_jsonb(r) ->> 'paused_by',
                       to_jsonb(r) ->> 'pause_reason',
                       EXISTS (SELECT FROM pg_stat_activity AS a
                               WHERE a.datname = current_database()
                                 AND a.application_name = 'outbox-relay work, paused in epoch ' || s.epoch)
                FROM \(schema).relay_state AS s CROSS JOIN \(schema).relay AS r
                """)
        }
        guard rows.count == 1 else {
            throw OutboxError(.schema, "\(schemaName).relay_state must have one row, it has \(rows.count)")
        }
        var row = RowCursor(rows)
        var state = RelayState(
            leader: try row.optionalText(), epoch: try row.int64(), leaseIsValid: try row.bool(),
            leaseUntil: try row.optionalMoment(), isAsleep: try row.bool(), standbys: 0, cut: try row.int64(),
            isDraining: try row.bool(), drainedThrough: try row.int64(), movedAt: try row.moment())
        state.standbys = try row.int()
        let (since, caller, reason) = (try row.optionalMoment(), try row.optionalText(), try row.optionalText())
        let isInEffect = try row.bool()
        state.pause = since.map { .init(since: $0, caller: caller, reason: reason, isInEffect: isInEffect) }
        return state
    }

    // MARK: Parked keys and storage

    /// Beyond the bound the numbers are those that the last VACUUM or ANALYZE has left.
    private func parkedCounts() throws -> OutboxStatus.ParkedCounts {
        let limit = OperationsLimits.rowsCounted
        let rows = try reading {
            try query(
                """
                SELECT (SELECT count(*) FROM (SELECT FROM \(schema).parked LIMIT \(limit + 1)) AS counted),
                       (SELECT count(*) FROM (SELECT FROM \(schema).held LIMIT \(limit + 1)) AS counted),
                       (SELECT reltuples::bigint FROM pg_class WHERE oid = '\(literal("parked"))'::regclass),
                       (SELECT reltuples::bigint FROM pg_class WHERE oid = '\(literal("held"))'::regclass),
                       (SELECT count(*) FROM (SELECT release_asked_at FROM \(schema).parked LIMIT \(limit + 1)) AS p
                        WHERE p.release_asked_at IS NOT NULL),
                       (SELECT min(parked_at) FROM \(schema).parked)
                """)
        }
        var row = RowCursor(rows)
        let (keys, held) = (try row.int(), try row.int())
        let (keysGuessed, heldGuessed) = (try row.int(), try row.int())
        return OutboxStatus.ParkedCounts(
            keys: keys > limit ? max(keys, keysGuessed) : keys, heldRows: held > limit ? max(held, heldGuessed) : held,
            isEstimate: keys > limit || held > limit, releasing: try row.int(), oldestAt: try row.optionalMoment())
    }

    /// The name of a table of the relay's schema inside a literal.
    func literal(_ table: String) -> String { "\(schema).\(table)".replacing("'", with: "''") }

    private func storage() throws -> OutboxStatus.OutboxStorage {
        let rows = try reading {
            try query(
                """
                SELECT r.outbox,
                       (SELECT sum(pg_total_relation_size(to_regclass(part)))::bigint
                        FROM unnest(coalesce(r.leaves, ARRAY[r.outbox])) AS part),
                       (SELECT created_at FROM \(schema).source WHERE transaction_id IS NOT NULL
                        ORDER BY outbox_id LIMIT 1),
                       cardinality(r.leaves)::bigint, pg_sequence_last_value(to_regclass(r.leaf_sequence))
                FROM \(schema).relay AS r
                """)
        }
        var row = RowCursor(rows)
        return OutboxStatus.OutboxStorage(
            outbox: try row.text(), bytes: try row.optionalInt64(), oldestRowAt: try row.optionalMoment(),
            leaves: try row.optionalInt64().map { Int($0) }, currentLeaf: try row.optionalInt64())
    }
}

extension OutboxStatus {
    /// What the relay's state shows to be in the way.
    var relayBlockers: [Blocker] {
        if let pause = relay.pause {
            let who = (pause.caller ?? "an operator") + (pause.reason.map { ": \($0)" } ?? "")
            let state = pause.isInEffect ? "is paused" : "is asked to pause"
            let blocker = Blocker(kind: .paused, summary: "the relay \(state) by \(who)", since: pause.since)
            return relay.leaseIsValid ? [blocker] : [blocker, noRelay]
        }
        guard relay.leaseIsValid else { return [noRelay] }
        // A relay that was idle for long has an old checkpoint when the next row comes.
        let still = min(takenAt.seconds(since: relay.movedAt), backlog?.oldestAgeSeconds ?? 0)
        guard still > Double(OperationsLimits.stalledSeconds) else { return [] }
        let summary = "the relay leads, and its checkpoint has not moved for \(DrainForecast.words(still))"
        return [Blocker(kind: .relayStalled, summary: summary, since: relay.movedAt)]
    }

    private var noRelay: Blocker {
        let last = relay.leader.map { "; \($0) led last" } ?? "; none has ever led"
        return Blocker(kind: .noRelay, summary: "no relay leads\(last)", since: relay.movedAt)
    }
}
