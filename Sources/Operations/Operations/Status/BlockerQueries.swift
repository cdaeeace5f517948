import Outbox

extension OperatorDesk {
    /// What the database shows to be in the way, beside the relay's own state.
    func sessionBlockers() throws -> [Blocker] {
        try lockBlockers() + uncommittedWriters() + preparedWriters()
    }

    /// Sessions that a relay's statement waits for. The wait for the sleep lock, an advisory one, is part of falling
    /// asleep.
    private func lockBlockers() throws -> [Blocker] {
        let rows = try reading {
            try query(
                """
                SELECT w.application_name, w.pid, \(DatabaseSession.columns)
                FROM pg_stat_activity AS w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
                JOIN pg_stat_activity AS a ON a.pid = b.pid
                WHERE w.datname = current_database() AND w.application_name LIKE 'outbox-relay %'
                  AND w.wait_event_type = 'Lock' AND w.wait_event <> 'advisory'
                ORDER BY w.pid, a.pid LIMIT \(OperationsLimits.sessionsShown)
                """)
        }
        return try rows.cursors.map { row in
            var row = row
            let (relay, waiting) = (try row.text(), try row.int32())
            let session = try DatabaseSession(&row)
            return Blocker(
                kind: .lock, summary: "\(relay) (pid \(waiting)) waits for a lock of \(session.words)",
                session: session, since: session.transactionSince)
        }
    }

    /// The outbox and its leaves.
    private var tables: String {
        """
        tables AS MATERIALIZED (
            SELECT to_regclass(name)::oid AS oid
            FROM \(schema).relay CROSS JOIN LATERAL unnest(coalesce(leaves, '{}') || outbox) AS name)
        """
    }

    private func uncommittedWriters() throws -> [Blocker] {
        let rows = try reading {
            try query(
                """
                WITH \(tables), writers AS MATERIALIZED (
                    SELECT DISTINCT l.pid FROM pg_locks AS l JOIN tables AS t ON t.oid = l.relation
                    WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted
                      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                SELECT \(DatabaseSession.columns)
                FROM pg_stat_activity AS a JOIN writers USING (pid)
                WHERE a.backend_xid IS NOT NULL AND coalesce(a.xact_start, '-infinity') < clock_timestamp()
                      - interval '\(OperationsLimits.openTransactionMilliseconds) milliseconds'
                ORDER BY a.xact_start NULLS LAST, a.pid LIMIT \(OperationsLimits.sessionsShown)
                """)
        }
        return try rows.cursors.map { row in
            var row = row
            let session = try DatabaseSession(&row)
            return Blocker(
                kind: .uncommitted,
                summary: "a transaction that wrote to the outbox is not committed; its rows wait: \(session.words)",
                session: session, since: session.transactionSince)
        }
    }

    private func preparedWriters() throws -> [Blocker] {
        let rows = try reading {
            try query(
                """
                WITH \(tables)
                SELECT DISTINCT p.gid, p.owner::text, p.prepared
                FROM pg_prepared_xacts AS p
                JOIN pg_locks AS l ON l.pid IS NULL AND l.virtualtransaction = '-1/' || p.transaction::text
                JOIN tables AS t ON t.oid = l.relation
                WHERE p.database = current_database() AND l.mode = 'RowExclusiveLock'
                ORDER BY p.prepared LIMIT \(OperationsLimits.sessionsShown)
                """)
        }
        return try rows.cursors.map { row in
            var row = row
            let (gid, owner, prepared) = (try row.text(), try row.text(), try row.moment())
            return Blocker(
                kind: .prepared,
                summary: "the prepared transaction '\(gid)' of \(owner) wrote to the outbox and is not decided; "
                    + "COMMIT PREPARED or ROLLBACK PREPARED ends it",
                since: prepared)
        }
    }
}
