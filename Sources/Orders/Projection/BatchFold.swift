import Consumers
import Orders
import Values

/// What a batch of messages makes of the orders in it. Pure: rows and histories come in, rows to write go out.
///
/// However many events of an order are in the batch, its row is read at most once and written at most once.
///
/// The state of an order at a version is a function of its events up to there, whichever process computes it. So a row
/// may always be replaced by one of a higher version. A message that is not the next event of its order is either old
/// and ignored, or shows a gap; then the whole history is read from the event store.
struct BatchFold {
    private struct Pending {
        var events: [ReadableEvent] = []
        /// A message of this order could not be read, so its history is read from the event store.
        var isDoubtful = false
    }

    private var orders: [ExactText: Pending] = [:]
    /// The messages that cannot be read. Those without a usable key belong to no order, and heal none.
    private(set) var unreadable: [UnreadableReport] = []
    /// Messages added, unreadable ones included.
    private(set) var messageCount = 0

    init(_ messages: [ConsumedMessage] = []) {
        for message in messages { add(message) }
    }

    /// - Parameter message: of each partition in the order of their offsets.
    mutating func add(_ message: ConsumedMessage) {
        messageCount += 1
        do throws(UnreadableMessage) {
            let event = try ReadableEvent(message)
            orders[ExactText(event.orderID), default: Pending()].events.append(event)
        } catch {
            unreadable.append(UnreadableReport(message, error))
            guard let orderID = message.orderID, isStorable(orderID) else { return }
            orders[ExactText(orderID), default: Pending()].isDoubtful = true
        }
    }

    /// The orders whose rows must be read first. An order whose first event is in the batch needs none.
    var ordersToRead: [String] {
        orders.compactMap { key, pending in
            pending.isDoubtful || pending.events.first?.sequenceNumber == 0 ? nil : key.text
        }
    }

    /// - Parameter rows: what the projection has of ``ordersToRead``.
    func outcome(_ rows: [ExactText: ProjectedOrder]) -> Outcome {
        var outcome = Outcome()
        for (key, pending) in orders {
            if pending.isDoubtful {
                outcome.toHeal.append(key.text)
            } else {
                fold(key, pending.events, onto: rows[key], into: &outcome)
            }
        }
        return outcome
    }

    private func fold(
        _ key: ExactText, _ events: [ReadableEvent], onto row: ProjectedOrder?, into outcome: inout Outcome
    ) {
        var current = row
        for event in events where event.sequenceNumber > (current?.version ?? -1) {
            guard let next = ProjectedOrder.after(current, event) else {
                outcome.toHeal.append(key.text)
                return
            }
            current = next
        }
        if let current, current != row { outcome.changed.append(current) }
    }

    /// What to do about the orders of a batch.
    struct Outcome {
        /// Rows to write.
        var changed: [ProjectedOrder] = []
        /// Orders with a gap, or with a message that cannot be read.
        var toHeal: [String] = []
    }
}

/// Whether a text can be the id of an order in the event store.
private func isStorable(_ orderID: String) -> Bool {
    OrderLimits.problem(ofIdentifier: orderID) == nil
}
