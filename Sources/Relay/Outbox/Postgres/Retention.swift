import Logging
import Postgres
import Sabotage

/// Removes published rows: directs new rows to the next leaf of the ring when it is time, and truncates leaves whose
/// rows are all published and old enough.
///
/// Writers are not held up: the leaf that takes new rows is never locked, and a lock that is not granted at once is
/// tried for again later.
final class Retention {
    private let connection: PostgresConnection
    private let schema: String
    private let sequence: String
    private let leaves: [String]
    private let retention: Duration
    private let logger: Logger
    private var nextPass = ContinuousClock.now
    private var isPermitted = true

    /// nil where rows stay for ever or the outbox has no leaves.
    init?(_ connection: PostgresConnection, identity: RelayIdentity, configuration: RelayConfiguration, logger: Logger)
    {
        guard let retention = configuration.retention, let sequence = identity.leafSequence, identity.leaves.count > 2
        else {
            return nil
        }
        self.connection = connection
        self.retention = retention
        self.sequence = sequence
        leaves = identity.leaves
        schema = PostgresConnection.quoteIdentifier(configuration.schema)
        self.logger = logger
    }

    /// How long a leaf takes new rows: all leaves but the current one and the next hold the retention together.
    private var turn: Duration { retention / (leaves.count - 2) }

    /// Turns and truncates leaves now and then; asks nothing of the database if it is not time.
    func passIfDue() throws {
        guard isPermitted, ContinuousClock.now >= nextPass else { return }
        nextPass = .now + min(.seconds(60), max(.milliseconds(100), turn / 4))
        do {
            let current = try currentLeaf()
            for leaf in leaves.indices where leaf != current { try truncateIfDue(leaf) }
            try turnIfDue(current)
        } catch let error as PostgresError {
            try tolerate(error)
        }
    }

    private func currentLeaf() throws -> Int {
        let value = try connection.query(PostgresStatement("SELECT last_value FROM \(sequence)")).int64(0, 0)
        return Int(value)
    }

    /// Moves on when the oldest row of the current leaf had its turn, to the next leaf that is empty: a leaf that keeps
    /// a parked row is passed over. If none is empty the current leaf grows.
    private func turnIfDue(_ current: Int) throws {
        let isDue = try connection.query(
            PostgresStatement(
                """
                SELECT coalesce((SELECT created_at FROM \(leaves[current]) ORDER BY outbox_id LIMIT 1)
                                < clock_timestamp() - $1::interval, false)
                """), [.literal(interval(turn))]
        ).bool(0, 0)
        guard isDue, let next = try emptyLeaf(after: current) else { return }
        try FailPoint.relayInLeafTurn.reached()
        let name = PostgresConnection.quoteLiteral(sequence)
        try connection.query(PostgresStatement("SELECT setval(\(name), $1)"), [.int8(Int64(next))])
        logger.info("new rows go to the next leaf", metadata: ["leaf": "\(leaves[next])"])
    }

    private func emptyLeaf(after current: Int) throws -> Int? {
        for step in 1..<leaves.count {
            let leaf = (current + step) % leaves.count
            if try !connection.query(PostgresStatement("SELECT EXISTS (SELECT FROM \(leaves[leaf]))")).bool(0, 0) {
                return leaf
            }
        }
        return nil
    }

    private func truncateIfDue(_ leaf: Int) throws {
        let name = leaves[leaf]
        guard try connection.query(PostgresStatement(isOld(name)), [.literal(interval(retention))]).bool(0, 0) else {
            return
        }
        let isTruncated = try connection.transaction {
            try connection.execute(
                """
                SET LOCAL lock_timeout = \(OutboxLimits.truncateLockMilliseconds);
                LOCK TABLE ONLY \(name) IN ACCESS EXCLUSIVE MODE
                """)
            // Asked again under the lock: the answer stays true until the leaf is empty.
            guard try connection.query(PostgresStatement(isOld(name)), [.literal(interval(retention))]).bool(0, 0),
                try connection.query(PostgresStatement(hasNeededRows(name))).bool(0, 0) == false
            else { return false }
            try connection.execute("TRUNCATE ONLY \(name)")
            try FailPoint.relayInTruncation.reached()
            return true
        }
        if isTruncated { logger.info("published rows left", metadata: ["leaf": "\(name)"]) }
    }

    private func isOld(_ leaf: String) -> String {
        """
        SELECT coalesce((SELECT created_at FROM \(leaf) ORDER BY outbox_id DESC LIMIT 1)
                        < clock_timestamp() - $1::interval, false)
        """
    }

    /// Rows that are not published yet, or held for a parked key, stay.
    private func hasNeededRows(_ leaf: String) -> String {
        if Mutant.neededRowsRemoved.isOn { return "SELECT false" }
        return """
            SELECT EXISTS (SELECT FROM \(leaf) AS o, \(schema).checkpoint AS c
                           WHERE o.transaction_id >= pg_snapshot_xmax(c.published)
                              OR o.transaction_id = ANY (ARRAY(SELECT pg_snapshot_xip(c.published))))
                OR EXISTS (SELECT FROM \(schema).held AS h JOIN \(leaf) AS o USING (outbox_id))
            """
    }

    private func interval(_ duration: Duration) -> String { "\(duration / .milliseconds(1)) milliseconds" }

    private func tolerate(_ error: PostgresError) throws {
        switch error.sqlState {
        case SQLState.lockNotAvailable:
            // Another session reads or writes there: later.
            return
        case SQLState.insufficientPrivilege:
            isPermitted = false
            logger.warning(
                "retention is off: the relay's role may not truncate the outbox's leaves; see outboxctl role",
                metadata: ["why": "\(error.message)"])
        default:
            throw error
        }
    }
}
