import Postgres

/// What became of one batch.
struct AppliedBatch: Sendable {
    /// Orders whose rows changed.
    var changedOrders = 0
    /// Orders whose history was read from the event store.
    var healedOrders = 0
    var unreadable: [UnreadableReport] = []
}

/// A message, or a stored history, that was passed over.
struct UnreadableReport: Sendable {
    /// Where it is, for the log.
    let place: String
    let problem: String
}

extension ProjectionStore {
    /// Brings the orders of a batch up to date and moves the positions, both or neither.
    ///
    /// - Parameter carefully: write the orders one by one and pass over those that Postgres refuses.
    /// - Throws: ``ProjectionError/Code/stale`` when the claim is no longer in force.
    func apply(
        _ messages: [ConsumedMessage], moving positions: [Position], in table: PositionTable, carefully: Bool = false
    ) throws -> AppliedBatch {
        let fold = BatchFold(messages)
        return try connection.transaction {
            try holdClaims(positions)
            let outcome = fold.outcome(try rows(of: fold.ordersToRead))
            let healing = try histories(of: outcome.toHeal)
            var applied = AppliedBatch()
            applied.healedOrders = outcome.toHeal.count
            applied.unreadable = fold.unreadable.map { UnreadableReport($0.message, $0.problem) } + healing.unreadable
            let orders = outcome.changed + healing.orders
            let changed = carefully ? try write(oneByOne: orders, &applied.unreadable) : try write(orders)
            applied.changedOrders = changed.count
            try appendPositions(positions, to: table)
            try notify(changed)
            return applied
        }
    }
}

extension UnreadableReport {
    init(_ message: ConsumedMessage, _ problem: UnreadableMessage) {
        self.init(place: "partition \(message.partition), offset \(message.offset)", problem: problem.description)
    }
}
