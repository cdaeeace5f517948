import Outbox
import Postgres

/// What the relay's schema and the server's views tell at one moment.
struct RelayPicture {
    var takenAt: Moment
    var relay: RelayState
    var parked: OutboxStatus.ParkedCounts
    var work: [OpenWork]
    /// Sessions and prepared transactions that are in the way.
    var blockers: [Blocker]
}

extension OperatorDesk {
    /// Relay, parked keys, open work and sessions, in one statement.
    func relayPicture() throws -> RelayPicture {
        let rows = try answer(relayStatement)
        guard rows.count > 0 else { throw OutboxError(.schema, "\(schemaName).relay_state has no row") }
        var row = RowCursor(rows)
        let takenAt = try row.moment()
        let relay = try relayState(&row)
        let parked = try parkedCounts(&row)
        let work = try openWork(try row.text())
        return RelayPicture(
            takenAt: takenAt, relay: relay, parked: parked, work: work, blockers: try blockers(rows, behind: row))
    }

    private func relayState(_ row: inout RowCursor) throws -> RelayState {
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

    /// Beyond the bound the numbers are those that the last VACUUM or ANALYZE has left.
    private func parkedCounts(_ row: inout RowCursor) throws -> OutboxStatus.ParkedCounts {
        let limit = OperationsLimits.rowsCounted
        let (keys, held) = (try row.int(), try row.int())
        let (keysGuessed, heldGuessed) = (try row.int(), try row.int())
        return OutboxStatus.ParkedCounts(
            keys: keys > limit ? max(keys, keysGuessed) : keys, heldRows: held > limit ? max(held, heldGuessed) : held,
            isEstimate: keys > limit || held > limit, releasing: try row.int(), oldestAt: try row.optionalMoment())
    }

    /// One row, with the columns of a blocker behind it; a row for each blocker if there are several.
    private var relayStatement: String {
        """
        WITH sessions AS MATERIALIZED (
            SELECT * FROM pg_stat_activity
        ), locks AS MATERIALIZED (
            SELECT * FROM pg_locks
        ), told AS MATERIALIZED (
            SELECT clock_timestamp(), nullif(s.leader, ''), s.epoch, s.lease_is_valid, s.lease_until, s.is_asleep,
                   s.cut, s.is_draining, s.drained_through, s.moved_at,
                   (SELECT count(*) FROM sessions AS a
                    WHERE a.datname = current_database() AND a.application_name = 'outbox-relay lead'
                      AND NOT EXISTS (
                          SELECT FROM locks AS l
                          WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock'
                            AND l.granted AND l.objsubid = 2 AND l.objid::bigint = r.leader_lock)),
                   r.paused_at, r.paused_by, r.pause_reason,
                   EXISTS (SELECT FROM sessions AS a
                           WHERE a.datname = current_database()
                             AND a.application_name = 'outbox-relay work, paused in epoch ' || s.epoch),
                   \(parkedColumns), \(openWorkColumn)
            FROM \(schema).relay_state AS s CROSS JOIN \(schema).relay AS r LIMIT 1
        ), \(blockerTables)
        SELECT told.*, b.*
        FROM told LEFT JOIN (\(blockerRows)) AS b ON true ORDER BY b.place, b.transaction_since NULLS LAST, b.pid
        """
    }

    private var parkedColumns: String {
        let limit = OperationsLimits.rowsCounted
        return """
            (SELECT count(*) FROM (SELECT FROM \(schema).parked LIMIT \(limit + 1)) AS counted),
            (SELECT count(*) FROM (SELECT FROM \(schema).held LIMIT \(limit + 1)) AS counted),
            (SELECT reltuples::bigint FROM pg_class WHERE oid = '\(literal("parked"))'::regclass),
            (SELECT reltuples::bigint FROM pg_class WHERE oid = '\(literal("held"))'::regclass),
            (SELECT count(*) FROM (SELECT FROM \(schema).parked WHERE release_asked_at IS NOT NULL
                                   LIMIT \(limit + 1)) AS counted),
            (SELECT min(parked_at) FROM \(schema).parked)
            """
    }

    /// The name of a table of the relay's schema inside a literal.
    private func literal(_ table: String) -> String { "\(schema).\(table)".replacing("'", with: "''") }
}
