import EventStore
import Postgres
import Sabotage
import Values

/// The projection's tables, and the events to heal them from, on one connection used on one thread.
///
/// ``apply(_:moving:in:carefully:)``, ``healChunk(maximumOrders:)``, ``claim(_:clusterID:restarts:reason:)`` and
/// ``rotate(_:)`` are one transaction each: when one throws, no part of it happened. Only a lost connection may hide a
/// commit; the position, read again by the next claim, tells.
struct ProjectionStore {
    let connection: PostgresConnection
    let topic: String
    /// Shown to operators as the owner of its claims.
    let member: String
    let events: EventReader

    init(_ connection: PostgresConnection, topic: String, member: String) {
        self.connection = connection
        self.topic = topic
        self.member = member
        self.events = EventReader(connection)
    }
}

// MARK: - Batches

extension ProjectionStore {
    /// What became of one batch.
    struct AppliedBatch: Sendable {
        /// Orders whose rows changed.
        var changedOrders = 0
        /// Orders whose history was read from the event store.
        var healedOrders = 0
        var unreadable: [UnreadableReport] = []
    }

    /// Brings the orders of a batch up to date and moves the positions, both or neither.
    ///
    /// - Parameter carefully: write the orders one by one and pass over those that Postgres refuses.
    /// - Throws: ``ProjectionError/Code/stale`` when the claim is no longer in force.
    func apply(
        _ fold: BatchFold, moving positions: [Position], in table: PositionTable, carefully: Bool = false
    ) throws -> AppliedBatch {
        if Mutant.positionsBeforeRows.isOn { try appendPositions(positions, to: table) }
        let applied = try connection.transaction {
            let held = try holdClaims(positions, reading: fold.ordersToRead)
            let outcome = fold.outcome(held.rows)
            let healing = HistoryFold(try events.histories(of: outcome.toHeal))
            var applied = AppliedBatch()
            applied.healedOrders = outcome.toHeal.count
            applied.unreadable = fold.unreadable + healing.unreadable
            let orders = healing.orders.isEmpty ? outcome.changed : outcome.changed + healing.orders
            let changed = carefully ? try write(oneByOne: orders, &applied.unreadable) : try write(orders)
            applied.changedOrders = changed.count
            let notes = held.isNoting ? [noting(fold.orderIDs)] : []
            _ = try connection.pipeline([appending(positions, to: table)] + notes + notifying(changed))
            try FailPoint.projectorBeforeCommit.reached()
            return applied
        }
        try FailPoint.projectorAfterCommit.reached()
        return applied
    }

    /// Holds the claims, asks whether a rebuild wants orders noted, and reads rows, in one round trip.
    ///
    /// - Throws: ``ProjectionError/Code/stale`` when one of the claims is not in force.
    private func holdClaims(
        _ positions: [Position], reading orderIDs: [String]
    ) throws -> (rows: [ExactText: ProjectedOrder], isNoting: Bool) {
        let results = try connection.pipeline(
            [holding(positions), askingWhetherToNote] + (orderIDs.isEmpty ? [] : [reading(orderIDs)]))
        try requireHeld(results[0], positions)
        return (results.count > 2 ? try rows(in: results[2]) : [:], try results[1].bool(0, 0))
    }
}

// MARK: - Healing

extension ProjectionStore {
    private static let isWanted: PostgresStatement = "SELECT EXISTS (SELECT FROM order_projection_healing)"
    /// Blocks while another member does a chunk: afterwards this one goes on behind it, so that members share the walk.
    private static let lockWalk: PostgresStatement = "SELECT done_through FROM order_projection_healing FOR UPDATE"
    private static let moveWalk: PostgresStatement = "UPDATE order_projection_healing SET done_through = $1"
    private static let endWalk: PostgresStatement = "DELETE FROM order_projection_healing"

    /// What one chunk of the healing walk did.
    struct HealedChunk: Sendable {
        /// Orders compared.
        var orders = 0
        /// Orders that were behind and are not any more.
        var changedOrders = 0
        var unreadable: [UnreadableReport] = []
        /// Whether the walk has reached the end.
        var isLast = false
    }

    /// Whether a walk was asked for and has not reached the end.
    func isHealingWanted() throws -> Bool {
        try connection.query(Self.isWanted).bool(0, 0)
    }

    /// Brings the next orders of the walk up to the event store.
    func healChunk(maximumOrders: Int) throws -> HealedChunk {
        try connection.within(ProjectionLimits.healingDeadline) { try healChunkInTransaction(maximumOrders) }
    }

    private func healChunkInTransaction(_ maximumOrders: Int) throws -> HealedChunk {
        try connection.transaction {
            let walk = try connection.query(Self.lockWalk)
            guard walk.count > 0 else { return HealedChunk(isLast: true) }
            let doneThrough = try walk.string(0, 0)
            let heads = try events.heads(after: doneThrough, limit: maximumOrders)
            let applied = try lastSequenceNumbers(of: heads.map(\.orderID))
            let behind = heads.filter { $0.lastSequenceNumber > applied[ExactText($0.orderID)] ?? -1 }
            let histories = HistoryFold(try events.histories(of: behind.map(\.orderID)))
            let changed = try write(histories.orders)
            let isNoting = try connection.pipeline([askingWhetherToNote])[0].bool(0, 0)
            if let last = heads.last, heads.count == maximumOrders {
                assert(ExactText(doneThrough) < ExactText(last.orderID), "the walk moved back to \(last.orderID)")
                try connection.query(Self.moveWalk, [.text(last.orderID)])
            } else {
                try connection.query(Self.endWalk)
            }
            if !changed.isEmpty {
                _ = try connection.pipeline((isNoting ? [noting(changed)] : []) + notifying(changed))
            }
            return HealedChunk(
                orders: heads.count, changedOrders: changed.count, unreadable: histories.unreadable,
                isLast: heads.count < maximumOrders)
        }
    }
}

// MARK: - Watchers

extension ProjectionStore {
    private static let notification: PostgresStatement = "SELECT pg_notify('order_projection', $1)"

    /// Wakes the watchers of orders, once per transaction; no query when nothing changed.
    private func notifying(_ changed: [String]) -> [PostgresQuery] {
        changed.isEmpty ? [] : [PostgresQuery(Self.notification, [.text(notificationPayload(changed))])]
    }
}

/// The ids, one per line, or `*` when they do not fit or one of them contains a line end.
private func notificationPayload(_ orderIDs: [String]) -> String {
    var length = orderIDs.count - 1
    for id in orderIDs {
        length += id.utf8.count
        if length > ProjectionLimits.notificationPayloadBytes || id.utf8.contains(UInt8(ascii: "\n")) { return "*" }
    }
    return orderIDs.joined(separator: "\n")
}

// MARK: - Array parameters

extension PostgresArray {
    init(_ partitions: [Int32]) {
        self.init(.int4, reserving: partitions.count)
        for partition in partitions { append(Int64(partition)) }
    }

    init(_ texts: [String]) {
        self.init(.text, reserving: texts.count)
        for text in texts { append(text) }
    }
}
