import Postgres

extension OutboxOperator {
    /// What a rebase did.
    public struct Rebase: Sendable {
        /// Rows that will be published again, or for the first time.
        public var republished: Int
        /// Rows that count as published.
        public var leftAlone: Int
    }

    /// Makes the checkpoint belong to this server: for a database that was restored or promoted on purpose.
    ///
    /// Transaction ids of the old server mean nothing here, so what had been published cannot be known from them. Rows
    /// written at or after `since` are published again, in order; older rows count as published. One transaction; rows
    /// that other sessions write meanwhile are published as ever.
    ///
    /// - Parameters:
    ///   - since: a time as Postgres reads it, such as `2026-01-31 12:00+00` or `-infinity`.
    ///   - reason: recorded with the decision.
    ///   - caller: the name of the person or program, recorded with it.
    /// - Throws: ``OutboxError`` with code `fenced` while a relay leads, with code `notMigrated` without a relay's
    ///   schema; `PostgresError`.
    public func rebase(republishSince since: String, reason: String, caller: String? = nil) throws -> Rebase {
        let identity = try RelayIdentity.read(connection, schema: schema)
        try waitForLeaderToGo(identity)
        // One snapshot for all statements: a row that commits meanwhile is neither changed nor counted as published.
        return try connection.transaction(.repeatableRead) {
            // With a policy that hides rows this fails, and does not leave rows out.
            try connection.execute("SET LOCAL row_security = off")
            let isFree = try connection.query(
                "SELECT pg_try_advisory_xact_lock($1, $2)", [.int4(identity.lockClass), .int4(identity.leaderLock)])
            guard try isFree.bool(0, 0) else { throw Self.relayLeads }
            let own = try connection.query("SELECT pg_current_xact_id()::text").string(0, 0)
            let rows = try restamp(since: since)
            try moveCheckpoint(own: own)
            try storeIdentity()
            try record("\(reason) (republishing since \(since))", caller)
            return rows
        }
    }

    /// What ``rebase(republishSince:reason:caller:)`` would do to the rows that are there now. Changes nothing; reads
    /// the whole outbox.
    ///
    /// - Throws: `PostgresError`, of class 22 for a text that is no time.
    public func previewRebase(republishSince since: String) throws -> Rebase {
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT count(*) FILTER (WHERE transaction_id IS NOT NULL AND created_at >= $1::timestamptz), count(*)
                FROM \(quoted).source
                """), [.literal(since)])
        let again = Int(try rows.int64(0, RestampColumn.again))
        return Rebase(republished: again, leftAlone: Int(try rows.int64(0, RestampColumn.all)) - again)
    }

    /// The session of a relay that has just been stopped ends, and with it the lock, a moment after the process is
    /// gone. This is a transaction of its own: the transaction that rebases must see all that the last leader did.
    private func waitForLeaderToGo(_ identity: RelayIdentity) throws {
        do {
            try connection.transaction {
                try connection.execute("SET LOCAL lock_timeout = \(OutboxLimits.rebaseLockMilliseconds)")
                try connection.query(
                    "SELECT pg_advisory_xact_lock($1, $2)", [.int4(identity.lockClass), .int4(identity.leaderLock)])
            }
        } catch let error as PostgresError where error.sqlState == SQLState.lockNotAvailable {
            throw Self.relayLeads
        }
    }

    private static let relayLeads = OutboxError(.fenced, "a relay leads at the moment: stop it first, then rebase")

    private enum RestampColumn: Int { case again, all }

    /// Rows to publish again get this transaction's id, which the new checkpoint does not see; rows that carry an id
    /// this server has not reached get one that everybody sees. Rows without an id were there when the table was
    /// adopted, and were left out.
    private func restamp(since: String) throws -> Rebase {
        let rows = try connection.query(
            PostgresStatement(
                """
                WITH stamped AS (
                    UPDATE \(quoted).source
                    SET transaction_id = CASE WHEN created_at >= $1::timestamptz THEN pg_current_xact_id()
                                              ELSE '3'::xid8 END
                    WHERE transaction_id IS NOT NULL
                      AND (created_at >= $1::timestamptz OR transaction_id >= pg_snapshot_xmax(pg_current_snapshot()))
                    RETURNING created_at >= $1::timestamptz AS again
                )
                SELECT count(*) FILTER (WHERE again), (SELECT count(*) FROM \(quoted).source) FROM stamped
                """), [.literal(since)])
        let again = Int(try rows.int64(0, RestampColumn.again))
        return Rebase(republished: again, leftAlone: Int(try rows.int64(0, RestampColumn.all)) - again)
    }

    /// The number of the cut jumps to the time in microseconds: whatever number a lost history of this outbox has left
    /// in Kafka's record is smaller, so that a relay that delivers exactly once goes on from here.
    ///
    /// A snapshot never lists the transaction that takes it as in progress. This transaction is added if it is below
    /// xmax.
    private func moveCheckpoint(own: String) throws {
        for twin in 0...1 {
            try connection.query(
                PostgresStatement(
                    """
                    UPDATE \(quoted).checkpoint_\(twin)
                    SET epoch = epoch + 1,
                        cut = greatest(cut + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
                        draining = NULL, drained_through = 0, moved_at = clock_timestamp(),
                        published = (
                            SELECT format('%s:%s:%s', least(pg_snapshot_xmin(s), $1::xid8),
                                          pg_snapshot_xmax(s),
                                          (SELECT string_agg(x::text, ',' ORDER BY x)
                                           FROM (SELECT pg_snapshot_xip(s)
                                                 UNION SELECT $1::xid8 WHERE $1::xid8 < pg_snapshot_xmax(s))
                                                AS open (x)))::pg_snapshot
                            FROM pg_current_snapshot() AS s)
                    """), [.literal(own)])
        }
    }

    private func storeIdentity() throws {
        let here = try ServerIdentity.current(connection)
        try connection.query(
            PostgresStatement("UPDATE \(quoted).relay SET system_identifier = $1, database_oid = $2, timeline = $3"),
            [.int8(here.systemIdentifier), .int8(here.databaseOID), .int4(here.timeline)])
    }

    /// A schema of an earlier release, as in an old dump, has no column for the caller.
    private func record(_ reason: String, _ caller: String?) throws {
        let hasCaller = try connection.query(
            PostgresStatement(
                """
                SELECT EXISTS (SELECT FROM pg_attribute
                               WHERE attrelid = '\(quoted).decision'::regclass AND attname = 'caller'
                                 AND NOT attisdropped)
                """)
        ).bool(0, 0)
        try connection.query(
            PostgresStatement(
                hasCaller
                    ? "INSERT INTO \(quoted).decision (action, reason, caller) VALUES ('rebase', $1, $2)"
                    : "INSERT INTO \(quoted).decision (action, reason) VALUES ('rebase', $1)"),
            hasCaller ? [.text(reason), .text(caller)] : [.text(reason)])
    }
}
