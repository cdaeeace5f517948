import Postgres
import Sabotage

/// The SQL of leadership, lease and sleep lock.
struct LeadStatements: Sendable {
    let lead: PostgresStatement
    let leaseIsOver: PostgresStatement
    let takeLease: PostgresStatement
    /// Also tells who has the relay paused; a schema of an earlier release has no columns for that.
    let renew: PostgresStatement
    let endLease: PostgresStatement
    let terminate: PostgresStatement
    /// The name of the leader that led last.
    let holder: PostgresStatement
    let sleep = PostgresStatement("SELECT pg_advisory_lock($1, $2)")
    let wake = PostgresStatement("SELECT pg_advisory_unlock($1, $2)")
    let cancel = PostgresStatement("SELECT pg_cancel_backend($1)")
    let leader = PostgresStatement(
        """
        SELECT string_agg(format('backend %s%s', l.pid, ' at ' || host(a.client_addr)), ', ')
        FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a USING (pid)
        WHERE l.locktype = 'advisory' AND l.classid::bigint = $1 AND l.objid::bigint = $2 AND l.objsubid = 2
          AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """)
    /// Of the sessions of other roles a role sees the process, the user and the transaction, but neither the statement
    /// nor its start.
    let blockers = PostgresStatement(
        """
        SELECT string_agg(format('backend %s%s%s%s%s', b.pid, ' of ' || a.usename,
                                 ', ' || nullif(a.application_name, ''),
                                 ', transaction ' || a.backend_xid,
                                 ', open for ' || extract(epoch FROM clock_timestamp() - a.xact_start)::int || ' s'),
                          '; ')
        FROM unnest(pg_blocking_pids($1)) AS b (pid) LEFT JOIN pg_stat_activity AS a USING (pid)
        """)

    /// Microseconds since 1970 by the server's clock: the only clock that leases are compared with.
    private static let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

    init(schema: String) {
        let schema = PostgresConnection.quoteIdentifier(schema)
        let lease = PostgresConnection.quoteLiteral(schema + ".lease")
        // The lease begins in the statement that takes the lock: a standby must not find the lock taken and the lease
        // over.
        lead = PostgresStatement(
            """
            SELECT CASE WHEN pg_try_advisory_lock($1, $2)
                        THEN setval(\(lease), \(Self.now) + $3) END IS NOT NULL
            """)
        leaseIsOver = PostgresStatement("SELECT last_value <= \(Self.now) FROM \(schema).lease")
        takeLease = PostgresStatement("SELECT setval(\(lease), \(Self.now) + $1)")
        let isNewest =
            Mutant.noFenceOnLease.isOn ? "$1::bigint IS NOT NULL" : "(SELECT max(epoch) FROM \(schema).checkpoint) = $1"
        renew = PostgresStatement(
            """
            SELECT CASE WHEN \(isNewest)
                        THEN setval(\(lease), \(Self.now) + $2) END IS NOT NULL,
                   (SELECT concat_ws(': ', coalesce(to_jsonb(r) ->> 'paused_by', 'an operator'),
                                     to_jsonb(r) ->> 'pause_reason')
                    FROM \(schema).relay AS r WHERE to_jsonb(r) ->> 'paused_at' IS NOT NULL LIMIT 1)
            """)
        holder = PostgresStatement("SELECT holder FROM \(schema).checkpoint ORDER BY epoch DESC LIMIT 1")
        endLease = PostgresStatement(
            """
            SELECT CASE WHEN (SELECT max(epoch) FROM \(schema).checkpoint) = $1 THEN setval(\(lease), 0) END
            """)
        terminate = PostgresStatement(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_locks
            WHERE locktype = 'advisory' AND classid::bigint = $1 AND objid::bigint = $2 AND objsubid = 2 AND granted
              AND mode = $3 AND pid <> pg_backend_pid()
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """)
    }
}
