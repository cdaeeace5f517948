import Outbox
import Postgres
import Values

/// The read model, built anew from the event store beside the live one, which it then replaces in one transaction.
public struct Rebuild: Codable, Sendable {
    /// Where a rebuild is.
    public enum State: String, Codable, Sendable {
        /// No projector has begun.
        case asked
        /// All orders are read, in the order of their ids.
        case filling
        /// Orders that changed meanwhile are read again; then comes the switch.
        case catchingUp = "catching_up"
        /// It was asked to stop, and a projector has not cleaned up yet.
        case stopping
        /// The new read model is the live one.
        case switched
        /// It was stopped; the read model is as it was.
        case stopped
    }

    /// Its number.
    public var rebuildId: Int64
    /// Where it is.
    public var state: State
    /// By the clock of Postgres, as the other times.
    public var askedAt: Moment
    /// The database role that asked.
    public var askedBy: String
    /// As the desk was told.
    public var caller: String?
    /// As it was given.
    public var reason: String
    /// The most orders read in a second.
    public var ordersPerSecond: Int
    /// When a projector began; nil while none has.
    public var startedAt: Moment?
    /// When it was asked to stop; nil if it was not.
    public var stopAskedAt: Moment?
    /// nil while it is not over.
    public var endedAt: Moment?
    /// Orders read so far.
    public var orders: Int64
    /// About how many there are, by the statistics of the tables; exact at the end, nil while nobody knows.
    public var totalOrders: Int64?
    /// Orders that changed after they were read, counted up to a bound.
    public var changesWaiting: Int
    /// Orders that were read again because they changed.
    public var caughtUp: Int64
    /// Rows of the new read model.
    public var rows: Int64
    /// The projector that did the last step.
    public var worker: String?
    /// When it did.
    public var workedAt: Moment?
    /// Whether a projector is at work.
    public var isRunning: Bool
    /// Since the last step; nil before the first one, and when it is over.
    public var idleSeconds: Double?
    /// What was in the way of the last step; nil if nothing was.
    public var trouble: String?
    /// Orders read in a second by the present projector; nil before its second step.
    public var rate: Double?
    /// Until all orders are read, at that rate.
    public var secondsLeft: Double?
    /// What was wrong with the old read model.
    public var differences: Differences

    /// How the old read model differed from the events.
    public struct Differences: Codable, Sendable {
        /// Orders that had no row for more than a minute.
        public var missing: Int64
        /// Rows that lacked events for more than a minute.
        public var behind: Int64
        /// Rows with more events than the event store has.
        public var ahead: Int64
        /// Rows with other values than their events say.
        public var different: Int64
        /// Rows of no order.
        public var unknown: Int64
        /// Orders with an event that cannot be read; their rows end before it.
        public var unreadable: Int64
        /// The first of them: the kind and the order's id, `different o-4711`.
        public var examples: [String]

        /// How many rows were wrong or missing.
        public var count: Int64 { missing + behind + ahead + different + unknown }
    }

    /// The share of orders that are read, from 0 to 1, which is the end; nil while the number of orders is not known.
    public var progress: Double? {
        if state == .switched { return 1 }
        guard let totalOrders, totalOrders > 0 else { return nil }
        return min(0.99, Double(orders) / Double(totalOrders))
    }
}

extension OperatorDesk {
    /// What a rebuild would do.
    ///
    /// - Throws: ``OperatorError`` if there is no read model here, or if one of another rebuild is under way.
    public func previewRebuild() throws -> ActionPreview {
        try requireReadModel()
        if let open = try openRebuild() { throw OperatorError(Self.isOpen(open)) }
        let rows = try reading {
            var row = RowCursor(
                try query(
                    """
                    SELECT CASE WHEN reltuples > 0 THEN reltuples::bigint ELSE (
                               SELECT count(*) FROM (SELECT FROM order_projection
                                                     LIMIT \(OperationsLimits.rowsCounted)) AS counted) END,
                           order_projection_rebuild_obstacle()
                    FROM pg_class WHERE oid = 'order_projection'::regclass
                    """))
            return (about: try row.int(), obstacle: try row.optionalText())
        }
        if let obstacle = rows.obstacle {
            throw OperatorError("the read model cannot be replaced because of \(obstacle)")
        }
        return ActionPreview(
            action: "rebuild",
            summary: "a projector builds the read model anew from the event store, beside the live one of about "
                + "\(DigitGroups.text(rows.about)) rows, which goes on and is then replaced in one transaction",
            keys: 0, rows: rows.about, isMore: false, events: [], dropped: [])
    }

    /// Records a rebuild. A projector notices within five seconds and does it, whatever becomes of the caller.
    ///
    /// - Parameter ordersPerSecond: the most orders read in a second, 1 to ``OperationsLimits/rebuildOrdersPerSecond``.
    /// - Throws: ``OperatorError`` for an empty reason, a rate out of bounds, where there is no read model, or while
    ///   another rebuild is open, which it names; `PostgresError`.
    public func beginRebuild(ordersPerSecond: Int, reason: String) throws -> Rebuild {
        guard (1...OperationsLimits.rebuildOrdersPerSecond).contains(ordersPerSecond) else {
            throw OperatorError("the rate must be 1 to \(OperationsLimits.rebuildOrdersPerSecond) orders per second")
        }
        _ = try previewRebuild()
        do {
            let receipt = try acting(reason) {
                try decided(
                    """
                    WITH asked AS (
                        INSERT INTO order_projection_rebuild (orders_per_second, reason, caller) VALUES ($1, $2, $3)
                        RETURNING rebuild_id
                    ), noted AS (
                        INSERT INTO \(schema).decision (decided_at, action, reason, caller, details)
                        SELECT transaction_timestamp(), 'rebuild', $2, $3, jsonb_build_object('rebuild_id', rebuild_id)
                        FROM asked RETURNING decision_id
                    )
                    SELECT 0::bigint, (SELECT rebuild_id FROM asked), transaction_timestamp(), min(decision_id),
                           max(decision_id)
                    FROM noted
                    """, [.int4(Int32(ordersPerSecond)), .text(reason), .text(caller)], "rebuild", reason)
            }
            guard let rebuild = try rebuild(Int64(receipt.rows)) else { throw OperatorError("the rebuild is gone") }
            return rebuild
        } catch let error as PostgresError where error.sqlState == SQLState.uniqueViolation {
            throw OperatorError(try openRebuild().map { Self.isOpen($0) } ?? "another rebuild was just asked for")
        }
    }

    /// Asks the projector to give a rebuild up; the read model stays as it is.
    ///
    /// - Throws: ``OperatorError`` for an empty reason, or if it has ended; `PostgresError`.
    public func stopRebuild(_ rebuildId: Int64, reason: String) throws -> Receipt {
        try requireReadModel()
        let receipt = try acting(reason) {
            try decided(
                """
                WITH stopped AS (
                    UPDATE order_projection_rebuild SET stop_asked_at = coalesce(stop_asked_at, clock_timestamp())
                    WHERE rebuild_id = $1 AND ended_at IS NULL RETURNING rebuild_id
                ), noted AS (
                    INSERT INTO \(schema).decision (decided_at, action, reason, caller, details)
                    SELECT transaction_timestamp(), 'rebuild', $2, $3,
                           jsonb_build_object('rebuild_id', rebuild_id, 'stop', true)
                    FROM stopped RETURNING decision_id
                )
                SELECT 0::bigint, count(*), transaction_timestamp(), min(decision_id), max(decision_id) FROM noted
                """, [.int8(rebuildId), .text(reason), .text(caller)], "rebuild", reason)
        }
        guard receipt.rows == 1 else { throw OperatorError("rebuild \(rebuildId) has ended, or there is none") }
        return receipt.telling("rebuild \(rebuildId) is given up; the read model stays as it is")
    }

    /// One rebuild; nil if there is none of that number.
    public func rebuild(_ rebuildId: Int64) throws -> Rebuild? {
        try requireReadModel()
        return try rebuilds("WHERE rebuild_id = $1", [.int8(rebuildId)]).first
    }

    /// The newest rebuilds, the open one first.
    ///
    /// - Throws: ``OperatorError`` where there is no read model.
    public func rebuilds() throws -> [Rebuild] {
        try requireReadModel()
        return try rebuilds("", [])
    }

    private func openRebuild() throws -> Rebuild? { try rebuilds("WHERE ended_at IS NULL", []).first }

    private static func isOpen(_ open: Rebuild) -> String {
        let asker = open.caller.map { "\($0) (\(open.askedBy))" } ?? open.askedBy
        let worker = open.worker.map { ", done by the projector \($0)" } ?? ", not begun by a projector"
        return "rebuild \(open.rebuildId) is open: asked for by \(asker) at \(open.askedAt)\(worker)"
    }

    private func requireReadModel() throws {
        guard try hasTable("order_projection_rebuild") else {
            throw OperatorError(
                try hasTable("order_projection")
                    ? "the database lacks migrations of this release: run outboxctl migrate"
                    : "this database has no read model of orders")
        }
    }

    private func rebuilds(_ condition: String, _ parameters: [PostgresParameter]) throws -> [Rebuild] {
        let rows = try reading {
            try query(
                """
                SELECT rebuild_id,
                       CASE WHEN is_switched THEN 'switched' WHEN ended_at IS NOT NULL THEN 'stopped'
                            WHEN stop_asked_at IS NOT NULL THEN 'stopping' WHEN filled_at IS NOT NULL THEN 'catching_up'
                            WHEN started_at IS NOT NULL THEN 'filling' ELSE 'asked' END,
                       asked_at, asked_by, caller, reason, orders_per_second, started_at, stop_asked_at, ended_at,
                       orders,
                       CASE WHEN filled_at IS NULL THEN total_orders + greatest(0, orders - total_orders)
                            ELSE orders END,
                       CASE WHEN ended_at IS NULL THEN (
                           SELECT count(*) FROM (SELECT FROM order_projection_rebuild_change ORDER BY order_id
                                                 LIMIT \(OperationsLimits.rowsCounted)) AS noted) ELSE 0 END,
                       caught_up, rows, worker, worked_at,
                       ended_at IS NULL AND coalesce(
                           worked_at > clock_timestamp() - \(OperationsLimits.projectorSilenceSeconds)
                               * interval '1 second', false),
                       CASE WHEN ended_at IS NULL THEN extract(epoch FROM clock_timestamp() - worked_at)::float8 END,
                       trouble,
                       CASE WHEN worked_at > pace_since AND orders > pace_orders THEN
                           ((orders - pace_orders) / extract(epoch FROM worked_at - pace_since))::float8 END,
                       missing, behind, ahead, different, unknown, unreadable, examples::text
                FROM order_projection_rebuild \(condition)
                ORDER BY rebuild_id DESC LIMIT \(OperationsLimits.rebuildsShown)
                """, parameters)
        }
        return try rows.cursors.map { row in
            var row = row
            return try Self.rebuild(&row)
        }
    }

    private static func rebuild(_ row: inout RowCursor) throws -> Rebuild {
        var rebuild = Rebuild(
            rebuildId: try row.int64(), state: Rebuild.State(rawValue: try row.text()) ?? .asked,
            askedAt: try row.moment(), askedBy: try row.text(), caller: try row.optionalText(),
            reason: try row.text(), ordersPerSecond: Int(try row.int32()), startedAt: try row.optionalMoment(),
            stopAskedAt: try row.optionalMoment(), endedAt: try row.optionalMoment(), orders: try row.int64(),
            totalOrders: try row.optionalInt64(), changesWaiting: try row.int(), caughtUp: try row.int64(),
            rows: try row.int64(), worker: try row.optionalText(), workedAt: try row.optionalMoment(),
            isRunning: try row.bool(), idleSeconds: try row.optionalDouble(), trouble: try row.optionalText(),
            rate: try row.optionalDouble(),
            secondsLeft: nil,
            differences: Rebuild.Differences(
                missing: try row.int64(), behind: try row.int64(), ahead: try row.int64(), different: try row.int64(),
                unknown: try row.int64(), unreadable: try row.int64(),
                examples: try OperatorJSON.value([String].self, from: try row.text())))
        if rebuild.state == .filling, let rate = rebuild.rate, let total = rebuild.totalOrders {
            rebuild.secondsLeft = max(0, Double(total - rebuild.orders)) / rate
        }
        return rebuild
    }
}
