import EventStore
import Postgres
import Values

// A rebuild: the read model is built anew beside the live one from the event store, and then put in its place.
//
// Why the new table lacks nothing at the switch: an event is in the event store before its message is in Kafka. From
// the start of a rebuild on, every transaction that writes the live table notes its orders; the start waits for those
// that began before. So an order that was applied was either applied before the walk read it, or is noted and read
// again. The switch waits for the writers of the live table as well, and reads what is noted until nothing is. The
// positions stay as they are: a message behind them is applied to the new table, where it changes nothing if the walk
// saw its event.

// MARK: - Notes

extension ProjectionStore {
    private static let isNoting: PostgresStatement = """
        SELECT EXISTS (SELECT FROM order_projection_rebuild WHERE ended_at IS NULL AND started_at IS NOT NULL)
        """
    /// Ids come sorted, so that two members that note the same orders cannot deadlock.
    private static let note: PostgresStatement = """
        INSERT INTO order_projection_rebuild_change (order_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING
        """

    /// Asks whether orders are to be noted. Asked while the claims, or the healing walk, are held: a rebuild starts
    /// when nobody holds them.
    var askingWhetherToNote: PostgresQuery { PostgresQuery(Self.isNoting) }

    func noting(_ orderIDs: [String]) -> PostgresQuery {
        let sorted = orderIDs.map { ExactText($0) }.sorted().map(\.text)
        return PostgresQuery(Self.note, [.array(PostgresArray(sorted))])
    }
}

// MARK: - Steps

/// What one step of a rebuild did.
struct RebuildStep: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        /// No rebuild is open, or another member is at work on it.
        case none
        /// It is not time yet.
        case early
        case started
        /// Orders of the walk, or noted orders, were read from the event store and written.
        case filled(orders: Int)
        case switched
        case stopped
        /// Nothing happened; the text is in the rebuild's row and safe to log.
        case troubled(String)
    }

    var kind: Kind
    /// How long the next step has to wait.
    var pause: Duration = .zero

    /// Whether this member has nothing more to do.
    var isOver: Bool { [.none, .switched, .stopped].contains(kind) }
}

extension ProjectionStore {
    private static let isWanted: PostgresStatement = """
        SELECT EXISTS (SELECT FROM order_projection_rebuild WHERE ended_at IS NULL)
        """
    /// One member does the steps, until it is silent. Members do not wait for each other: batches go on meanwhile.
    private static let lockRebuild = PostgresStatement(
        """
        SELECT rebuild_id, stop_asked_at IS NOT NULL, started_at IS NOT NULL, filled_at IS NOT NULL, done_through,
               orders_per_second,
               (extract(epoch FROM greatest(next_step_at - clock_timestamp(), interval '0')) * 1000000)::bigint
        FROM order_projection_rebuild
        WHERE ended_at IS NULL
          AND (worker IS NULL OR worker = $1
               OR worked_at < clock_timestamp() - \(ProjectionLimits.rebuildSilenceSeconds) * interval '1 second')
        FOR UPDATE SKIP LOCKED
        """)

    private enum RebuildColumn: Int {
        case id, isStopAsked, isStarted, isFilled, doneThrough, ordersPerSecond, waitMicroseconds
    }

    /// The open rebuild, locked by this transaction.
    struct OpenRebuild {
        let id: Int64
        let isStopAsked: Bool
        let isStarted: Bool
        let isFilled: Bool
        let doneThrough: String
        let ordersPerSecond: Int
        let wait: Duration
    }

    func isRebuildWanted() throws -> Bool {
        try connection.query(Self.isWanted).bool(0, 0)
    }

    /// Does the next step of the rebuild that is open: one transaction. A failure that concerns the rebuild alone is
    /// noted in its row, and the step is tried again later: batches go on.
    ///
    /// - Throws: `PostgresError` when the connection is lost.
    func rebuildStep(maximumOrders: Int) throws -> RebuildStep {
        try connection.within(ProjectionLimits.healingDeadline) {
            do {
                return try rebuildStepInTransaction(maximumOrders, isCareful: false)
            } catch let error as PostgresError where error.isAboutData {
                return try passingOver { try rebuildStepInTransaction(maximumOrders, isCareful: true) }
            } catch let error as PostgresError where !error.isConnectionLost {
                return try trouble(error)
            }
        }
    }

    private func passingOver(_ body: () throws -> RebuildStep) throws -> RebuildStep {
        do {
            return try body()
        } catch let error as PostgresError where !error.isConnectionLost {
            return try trouble(error)
        }
    }

    private static let noteTrouble: PostgresStatement = """
        UPDATE order_projection_rebuild
        SET trouble = $1, worker = $2, worked_at = clock_timestamp(),
            next_step_at = clock_timestamp() + $3 * interval '1 millisecond'
        WHERE ended_at IS NULL
        """

    private func trouble(_ error: PostgresError) throws -> RebuildStep {
        let isLock = error.sqlState == SQLState.lockNotAvailable
        let text = isLock ? "waiting for a session that holds a lock on the read model" : error.message
        let pause = ProjectionLimits.rebuildRetryMilliseconds
        try connection.query(Self.noteTrouble, [.text(text), .text(member), .int8(pause)])
        return RebuildStep(kind: .troubled(text), pause: .milliseconds(pause))
    }

    private func rebuildStepInTransaction(_ maximumOrders: Int, isCareful: Bool) throws -> RebuildStep {
        try connection.transaction {
            try connection.execute(
                "SET LOCAL statement_timeout = \(ProjectionLimits.rebuildStatementMilliseconds)")
            guard let rebuild = try lockedRebuild() else { return RebuildStep(kind: .none) }
            if rebuild.isStopAsked { return try stopRebuild() }
            guard rebuild.wait <= .zero else { return RebuildStep(kind: .early, pause: rebuild.wait) }
            guard rebuild.isStarted else { return try startRebuild() }
            guard rebuild.isFilled else { return try walkOn(rebuild, maximumOrders, isCareful) }
            if try isMuchNoted() { return try catchUp(maximumOrders, isCareful) }
            return try switchTables(maximumOrders, isCareful)
        }
    }

    private func lockedRebuild() throws -> OpenRebuild? {
        let rows = try connection.query(Self.lockRebuild, [.text(member)])
        guard rows.count > 0 else { return nil }
        return OpenRebuild(
            id: try rows.int64(0, RebuildColumn.id.rawValue),
            isStopAsked: try rows.bool(0, RebuildColumn.isStopAsked.rawValue),
            isStarted: try rows.bool(0, RebuildColumn.isStarted.rawValue),
            isFilled: try rows.bool(0, RebuildColumn.isFilled.rawValue),
            doneThrough: try rows.string(0, RebuildColumn.doneThrough.rawValue),
            ordersPerSecond: Int(try rows.int32(0, RebuildColumn.ordersPerSecond.rawValue)),
            wait: .microseconds(try rows.int64(0, RebuildColumn.waitMicroseconds.rawValue)))
    }
}

// MARK: - Start, stop and switch

extension ProjectionStore {
    private static let prepare: PostgresStatement = "SELECT order_projection_rebuild_prepare()"
    private static let discard: PostgresStatement = "SELECT order_projection_rebuild_discard()"
    private static let replace: PostgresStatement = "SELECT order_projection_rebuild_switch()"
    private static let started: PostgresStatement = """
        UPDATE order_projection_rebuild
        SET started_at = clock_timestamp(), worker = $1, worked_at = clock_timestamp(), trouble = NULL,
            next_step_at = NULL, pace_since = clock_timestamp(),
            total_orders = nullif(greatest($2, (SELECT reltuples FROM pg_class
                                                WHERE oid = 'order_projection'::regclass)::bigint), 0)
        WHERE ended_at IS NULL
        """
    private static let ended: PostgresStatement = """
        UPDATE order_projection_rebuild
        SET ended_at = clock_timestamp(), is_switched = $2, worker = $1, worked_at = clock_timestamp(), trouble = NULL,
            caught_up = caught_up + $3, rows = rows + $4
        WHERE ended_at IS NULL
        """
    private static let everything: PostgresStatement = "SELECT pg_notify('order_projection', '*')"

    /// Waits for every transaction that writes the live table, and keeps new ones waiting until this one ends. Reads go
    /// on.
    private func lockOutWriters() throws {
        try connection.execute(
            """
            SET LOCAL lock_timeout = \(ProjectionLimits.rebuildWriterLockMilliseconds);
            LOCK TABLE order_projection_claim IN EXCLUSIVE MODE;
            LOCK TABLE order_projection_healing IN EXCLUSIVE MODE;
            SET LOCAL lock_timeout = \(ProjectionLimits.rebuildReaderLockMilliseconds);
            """)
    }

    private func startRebuild() throws -> RebuildStep {
        try lockOutWriters()
        try connection.query(Self.prepare)
        try connection.query(Self.started, [.text(member), .int8(events.estimatedOrders())])
        return RebuildStep(kind: .started)
    }

    private func stopRebuild() throws -> RebuildStep {
        try lockOutWriters()
        try connection.query(Self.discard)
        try connection.query(Self.ended, [.text(member), .bool(false), .int8(0), .int8(0)])
        return RebuildStep(kind: .stopped)
    }

    private func switchTables(_ maximumOrders: Int, _ isCareful: Bool) throws -> RebuildStep {
        try lockOutWriters()
        var (orders, rows) = (0, 0)
        while case let (read, inserted) = try writeNoted(maximumOrders, isCareful), read > 0 {
            orders += read
            rows += inserted
        }
        try connection.query(Self.replace)
        try connection.query(Self.ended, [.text(member), .bool(true), .int8(Int64(orders)), .int8(Int64(rows))])
        try connection.query(Self.everything)
        return RebuildStep(kind: .switched)
    }
}
