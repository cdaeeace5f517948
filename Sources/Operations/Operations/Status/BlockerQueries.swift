import Outbox
import Postgres

/// What the database shows to be in the way, beside the relay's own state.
///
/// A lock: a statement of a relay waits for it. The wait for the sleep lock, an advisory one, is part of falling
/// asleep. An uncommitted or prepared transaction: it wrote to the outbox, and its rows wait. A prepared one keeps the
/// virtual id of the session that prepared it, so its locks are found by the lock of its transaction id.
extension OperatorDesk {
    /// Tables of a statement that has `sessions` and `locks`, those of `pg_stat_activity` and `pg_locks`.
    var blockerTables: String {
        """
        tables AS MATERIALIZED (
            SELECT to_regclass(name)::oid AS oid
            FROM \(schema).relay CROSS JOIN LATERAL unnest(coalesce(leaves, '{}') || outbox) AS name
        ), writers AS MATERIALIZED (
            SELECT DISTINCT l.pid, l.virtualtransaction FROM locks AS l JOIN tables AS t ON t.oid = l.relation
            WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        """
    }

    /// A row for each blocker: its place in the order, its kind, two values for its words, and its session.
    var blockerRows: String {
        """
        (SELECT 1 AS place, 'lock' AS kind, w.application_name AS subject, w.pid AS waiting, \(DatabaseSession.columns)
         FROM sessions AS w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
         JOIN sessions AS a ON a.pid = b.pid
         WHERE w.datname = current_database() AND w.application_name LIKE 'outbox-relay %'
           AND w.wait_event_type = 'Lock' AND w.wait_event <> 'advisory'
         LIMIT \(OperationsLimits.sessionsShown))
        UNION ALL
        (SELECT 2, 'uncommitted', NULL, NULL, \(DatabaseSession.columns)
         FROM sessions AS a
         WHERE a.backend_xid IS NOT NULL AND a.pid IN (SELECT pid FROM writers)
           AND coalesce(a.xact_start, '-infinity') < clock_timestamp()
               - interval '\(OperationsLimits.openTransactionMilliseconds) milliseconds'
         ORDER BY a.xact_start NULLS LAST, a.pid LIMIT \(OperationsLimits.sessionsShown))
        UNION ALL
        (SELECT 3, 'prepared', p.gid, NULL, NULL, p.owner::text, NULL, NULL, NULL, NULL, p.prepared, NULL, NULL
         FROM pg_prepared_xacts AS p
         WHERE p.database = current_database() AND EXISTS (
             SELECT FROM locks AS own JOIN writers AS w ON w.virtualtransaction = own.virtualtransaction
             WHERE own.locktype = 'transactionid' AND own.transactionid = p.transaction
               AND own.pid IS NULL AND w.pid IS NULL)
         ORDER BY p.prepared LIMIT \(OperationsLimits.sessionsShown))
        """
    }

    /// - Parameter cursor: of the first row, where the columns of ``blockerRows`` begin.
    func blockers(_ rows: PostgresResult, behind cursor: RowCursor) throws -> [Blocker] {
        try (0..<rows.count).compactMap { number in
            var row = cursor.moved(to: number)
            guard try row.optionalInt32() != nil else { return nil }
            let (kind, subject, waiting) = (try row.text(), try row.optionalText(), try row.optionalInt32())
            switch Blocker.Kind(rawValue: kind) {
            case .lock: return .waiting(subject ?? "", waiting ?? 0, for: try DatabaseSession(&row))
            case .uncommitted: return .uncommitted(try DatabaseSession(&row))
            case .prepared: return try .prepared(subject ?? "", &row)
            default: return nil
            }
        }
    }
}

extension Blocker {
    fileprivate static func waiting(_ relay: String, _ pid: Int32, for session: DatabaseSession) -> Blocker {
        Blocker(
            kind: .lock, summary: "\(relay) (pid \(pid)) waits for a lock of \(session.words)", session: session,
            since: session.transactionSince)
    }

    fileprivate static func uncommitted(_ session: DatabaseSession) -> Blocker {
        Blocker(
            kind: .uncommitted,
            summary: "a transaction that wrote to the outbox is not committed; its rows wait: \(session.words)",
            session: session, since: session.transactionSince)
    }

    /// Of the columns of a session only the owner and the time have values.
    fileprivate static func prepared(_ name: String, _ row: inout RowCursor) throws -> Blocker {
        _ = try row.optionalInt32()
        let owner = try row.optionalText()
        for _ in 0..<4 { _ = try row.optionalText() }
        return Blocker(
            kind: .prepared,
            summary: "the prepared transaction '\(name)' of \(owner ?? "?") wrote to the outbox and is not decided; "
                + "COMMIT PREPARED or ROLLBACK PREPARED ends it",
            since: try row.optionalMoment())
    }
}
