import Values

/// Orders that are applied together. Pure: rows and histories come in, rows to write go out.
///
/// However many events of an order are in the batch, its row is read at most once and written at most once.
///
/// The state of an order at a version is a function of its events up to there, whichever process computes it. So a row
/// may always be replaced by one of a higher version. A message that is not the next event of its order is either old
/// and ignored, or shows a gap; then the whole history is read from the event store.
struct BatchFold: Sendable {
    private let orders: [GatheredOrder]
    /// The messages that cannot be read.
    let unreadable: [UnreadableReport]
    /// Messages that are dealt with when the batch is applied, unreadable ones included.
    let messageCount: Int
    /// Where each of the batch's partitions goes on when it is applied.
    let nextOffsets: [Int32: Int64]

    init(
        _ orders: [GatheredOrder], unreadable: [UnreadableReport], messageCount: Int, nextOffsets: [Int32: Int64]
    ) {
        self.orders = orders
        self.unreadable = unreadable
        self.messageCount = messageCount
        self.nextOffsets = nextOffsets
    }

    /// All orders of the batch.
    var orderIDs: [String] { orders.map(\.orderID) }

    /// The orders whose rows must be read first. An order whose first event is in the batch needs none.
    var ordersToRead: [String] {
        orders.compactMap { $0.needsRow ? $0.orderID : nil }
    }

    /// - Parameter rows: what the projection has of ``ordersToRead``.
    func outcome(_ rows: [ExactText: ProjectedOrder]) -> Outcome {
        var outcome = Outcome()
        outcome.changed.reserveCapacity(orders.count)
        for order in orders {
            switch order.outcome(order.needsRow ? rows[ExactText(order.orderID)] : nil) {
            case .changed(let row): outcome.changed.append(row)
            case .unchanged: break
            case .toHeal: outcome.toHeal.append(order.orderID)
            }
        }
        return outcome
    }

    /// What to do about the orders of a batch.
    struct Outcome {
        /// Rows to write.
        var changed: [ProjectedOrder] = []
        /// Orders with a gap, or with a message that cannot be read.
        var toHeal: [String] = []
    }
}
