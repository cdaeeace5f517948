import Postgres
import Sabotage

/// The SQL that moves the checkpoint, once for each twin table.
struct CheckpointStatements: Sendable {
    /// The statements for the row in one of the twin tables.
    struct Twin: Sendable {
        let advance: Advance
        /// The same where no transaction was in progress, which is the rule: half of the plan to open.
        let advanceWithoutLate: Advance
        let save: PostgresStatement
        let copyToOther: PostgresStatement
        /// Keeps the row from being moved by others until the transaction ends, which is then durable.
        let lock: PostgresStatement
        /// Raises the number of the cut beyond $2 and beyond the time in microseconds.
        let jump: PostgresStatement
        let truncate: String
    }

    /// The statement that finishes a cut and takes the next, in three forms.
    struct Advance: Sendable {
        /// The cut is on disk when it is committed.
        let durable: PostgresStatement
        /// The cut waits for the disk only if its rows would have to.
        let flushedLater: PostgresStatement
        /// The cut is on disk and brings no rows, because one of them cannot be read.
        let blind: PostgresStatement

        init(_ table: String, _ source: String, seesLate: Bool) {
            func statement(flushesLater: Bool = false, readsRows: Bool = true) -> PostgresStatement {
                PostgresStatement(
                    CheckpointStatements.advance(
                        table, source, seesLate: seesLate, flushesLater: flushesLater, readsRows: readsRows))
            }
            durable = statement()
            flushedLater = statement(flushesLater: true)
            blind = statement(readsRows: false)
        }
    }

    let load: PostgresStatement
    let raiseEpoch: [PostgresStatement]
    let twins: [Twin]
    let park: PostgresStatement
    let hold: PostgresStatement
    /// Commits something small, which waits for the standby behind everything that was committed before. A commit that
    /// wrote nothing would not wait.
    let reachStandby = PostgresStatement(
        """
        SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
                    THEN pg_logical_emit_message(true, 'outbox_relay', '') END
        """)
    /// Records why the checkpoint was taken over.
    let decide: PostgresStatement
    /// For the mutant that forgets which cut was being drained.
    let takeAgain: String

    init(schema: String) {
        let schema = PostgresConnection.quoteIdentifier(schema)
        load = PostgresStatement(
            """
            SELECT twin, ctid::text, epoch, cut, published::text, draining::text, drained_through FROM (
                SELECT 0 AS twin, ctid, * FROM \(schema).checkpoint_0
                UNION ALL SELECT 1 AS twin, ctid, * FROM \(schema).checkpoint_1) AS both_twins
            """)
        raiseEpoch = (0...1).map { twin in
            PostgresStatement(
                """
                UPDATE \(schema).checkpoint_\(twin)
                SET epoch = epoch + \(Self.epochStep), holder = $2, moved_at = clock_timestamp()
                WHERE epoch = $1
                """)
        }
        twins = (0...1).map { Self.twin($0, schema: schema) }
        park = PostgresStatement(
            """
            WITH parked AS (
                INSERT INTO \(schema).parked (aggregate_type, aggregate_id, outbox_id, error, retry_at)
                VALUES ($1, $2, $3, $4, clock_timestamp() + $5::bigint * interval '1 millisecond')
                ON CONFLICT DO NOTHING RETURNING *)
            INSERT INTO \(schema).decision (action, aggregate_type, aggregate_id, outbox_id, reason)
            SELECT 'park', aggregate_type, aggregate_id, outbox_id, error FROM parked
            """)
        hold = PostgresStatement(
            """
            INSERT INTO \(schema).held (outbox_id, aggregate_type, aggregate_id)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
            """)
        takeAgain = (0...1).map { twin in
            """
            UPDATE \(schema).checkpoint_\(twin) SET draining = pg_current_snapshot() WHERE draining IS NOT NULL;
            """
        }.joined()
        decide = PostgresStatement("INSERT INTO \(schema).decision (action, reason) VALUES ('rebase', $1)")
    }

    /// The row is where this leader left it, and of its epoch. `ctid` is of the one table of each statement.
    private static let isOwn =
        Mutant.noFenceOnCheckpoint.isOn ? "($1::tid, $2::bigint) IS NOT NULL" : "ctid = $1::tid AND epoch = $2"

    /// By how much a new leader raises the epoch.
    static let epochStep: Int64 = Mutant.epochNotRaised.isOn ? 0 : 1

    private static func twin(_ number: Int, schema: String) -> Twin {
        let table = "\(schema).checkpoint_\(number)"
        let other = "\(schema).checkpoint_\(1 - number)"
        let source = "\(schema).source"
        return Twin(
            advance: Advance(table, source, seesLate: true),
            advanceWithoutLate: Advance(table, source, seesLate: false),
            save: PostgresStatement(
                """
                UPDATE \(table) SET drained_through = $3, moved_at = clock_timestamp()
                WHERE \(isOwn)
                RETURNING ctid::text, set_config('synchronous_commit', 'off', true)
                """),
            copyToOther: PostgresStatement(
                """
                INSERT INTO \(other) SELECT * FROM \(table) WHERE \(isOwn) RETURNING ctid::text
                """),
            lock: PostgresStatement(
                """
                SELECT set_config('synchronous_commit', 'on', true) FROM \(table)
                WHERE \(isOwn) FOR UPDATE
                """),
            jump: PostgresStatement(
                """
                UPDATE \(table)
                SET cut = greatest(cut, $2, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) + 1
                WHERE epoch = $1
                """),
            truncate: "TRUNCATE ONLY \(table)")
    }

    /// $1 ctid, $2 epoch, $3 the newly published snapshot, $4 its xmax, $5 rows of a small cut, $6 its transactions in
    /// progress.
    ///
    /// One statement finishes a cut and takes the next: the statement's own snapshot is the new cut, so the rows
    /// counted are exactly rows of it. Only a move that takes a cut has to survive a crash; set_config in RETURNING is
    /// still in force when the statement's own transaction commits.
    ///
    /// A cut may be flushed later where all its rows are on disk already: the whole log was on disk when its end was
    /// read, and the snapshot is older than that. A crash then takes back whole moves and no row that was published;
    /// from any earlier state of the checkpoint the same rows follow in the same order. Rows that wait for a standby
    /// are not known to have reached it.
    ///
    /// The rows of a small cut come with it if they fit one chunk, which saves a lone row a round trip: the caller sees
    /// no row before the commit that follows them. The answer's last four columns say where the checkpoint is; a row
    /// with nothing else stands for a cut that brings none.
    private static func advance(_ table: String, _ source: String, seesLate: Bool, flushesLater: Bool, readsRows: Bool)
        -> String
    {
        let columns = readsRows ? "\(CutStatements.columns), transaction_id" : "transaction_id"
        let bytes = readsRows ? "sum(octet_length(payload))" : "0::bigint"
        let late =
            "UNION ALL (SELECT \(columns) FROM \(source) WHERE transaction_id = ANY ($6::xid8[]) LIMIT $5::bigint + 1)"
        let isOnDisk = """
            count(*) <= \(OutboxLimits.rowsFlushedLater) AND pg_current_wal_insert_lsn() <= pg_current_wal_flush_lsn()
                AND current_setting('synchronous_standby_names') = ''
            """
        let isFlushed = Mutant.publishesWhatIsNotOnDisk.isOn ? "true" : flushesLater ? isOnDisk : "false"
        let chunk = """
            , chunk AS (
                SELECT * FROM candidates
                WHERE (SELECT rows <= $5 AND coalesce(running, 0) < \(OutboxLimits.bytesPerChunk) FROM probe)
                  AND pg_visible_in_snapshot(transaction_id, pg_current_snapshot())
            )
            """
        return """
            WITH candidates AS MATERIALIZED (
                (SELECT \(columns) FROM \(source) WHERE transaction_id >= $4::xid8 LIMIT $5::bigint + 1)
                \(seesLate ? late : "")
            ), probe AS MATERIALIZED (
                SELECT count(*) AS rows, \(bytes) AS running, \(isFlushed) AS is_flushed
                FROM candidates
            ), moved AS (
                UPDATE \(table) AS c
                SET published = $3::pg_snapshot, draining = CASE WHEN p.rows > 0 THEN pg_current_snapshot() END,
                    cut = c.cut + (p.rows > 0)::int, drained_through = 0, moved_at = clock_timestamp()
                FROM probe AS p
                WHERE \(isOwn) AND (p.rows > 0 OR c.draining IS NOT NULL)
                RETURNING c.ctid::text AS place, c.draining::text AS draining, c.cut,
                          set_config('synchronous_commit',
                                     CASE WHEN c.draining IS NULL OR p.is_flushed THEN 'off' ELSE 'on' END, true)
            )\(readsRows ? chunk : "")
            SELECT \(readsRows ? CutStatements.decoded : CutStatements.decodedNone), p.rows, m.place, m.draining, m.cut
            FROM probe AS p LEFT JOIN moved AS m ON true
            \(readsRows ? "LEFT JOIN chunk ON true ORDER BY outbox_id" : "")
            """
    }
}
