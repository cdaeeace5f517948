import Consumers
import Orders
import Values

/// Messages that were taken over and are not applied, as what they make of their orders. Pure, apart from the times
/// that it is given.
///
/// A batch that is taken out may leave orders behind whose next event is close. The position of a partition then stays
/// at the first message of those: after a crash the messages behind it are read again, and change nothing where they
/// were applied.
struct Gathering {
    private var orders: [ExactText: GatheredOrder] = [:]
    /// For each partition with messages here the offset behind the last one.
    private var nextOffsets: [Int32: Int64] = [:]
    /// The messages that cannot be read. Those without a usable key belong to no order, and heal none.
    private var unreadable: [UnreadableReport] = []
    /// Messages gathered, unreadable ones included.
    private(set) var messageCount = 0

    /// - Parameter messages: of each partition in the order of their offsets.
    mutating func add(
        _ messages: [ConsumedMessage], nextOffsets next: [Int32: Int64], at now: ContinuousClock.Instant
    ) {
        for message in messages { add(message, now) }
        nextOffsets.merge(next) { before, next in
            assert(before < next, "a position moves back from \(before) to \(next)")
            return next
        }
    }

    private mutating func add(_ message: ConsumedMessage, _ now: ContinuousClock.Instant) {
        messageCount += 1
        do throws(UnreadableMessage) {
            let event = try ReadableEvent(message)
            add(event, of: event.orderID, message, now)
        } catch {
            unreadable.append(UnreadableReport(message, error))
            guard let orderID = message.orderID, isStorable(orderID) else { return }
            add(nil, of: orderID, message, now)
        }
    }

    private mutating func add(
        _ event: ReadableEvent?, of orderID: String, _ message: ConsumedMessage, _ now: ContinuousClock.Instant
    ) {
        orders[
            ExactText(orderID),
            default: GatheredOrder(orderID, partition: message.partition, offset: message.offset, since: now)
        ].add(event, from: message.partition)
    }

    /// Takes out what is to be applied.
    ///
    /// - Parameters:
    ///   - start: orders that are being paid and were first seen after this moment stay; nil: none stays.
    ///   - most: the most messages that may stay; when they would be more, none stays.
    mutating func take(leavingSince start: ContinuousClock.Instant?, atMost most: Int) -> BatchFold {
        var left: [ExactText: GatheredOrder] = [:]
        var taken: [GatheredOrder] = []
        if let start {
            for (key, order) in orders {
                if order.isBeingPaid, !order.isSpread, order.since > start {
                    left[key] = order
                } else {
                    taken.append(order)
                }
            }
        }
        var leftMessages = left.values.reduce(0) { $0 + $1.messageCount }
        if start == nil || leftMessages > most {
            (left, leftMessages) = ([:], 0)
            taken = Array(orders.values)
        }
        var positions = nextOffsets
        for order in left.values { positions[order.partition] = min(positions[order.partition] ?? .max, order.offset) }
        let batch = BatchFold(
            taken, unreadable: unreadable, messageCount: messageCount - leftMessages, nextOffsets: positions)
        let partitions = Set(left.values.lazy.map(\.partition))
        nextOffsets = nextOffsets.filter { partitions.contains($0.key) }
        orders = left
        messageCount = leftMessages
        unreadable = []
        return batch
    }
}

/// Whether a text can be the id of an order in the event store.
private func isStorable(_ orderID: String) -> Bool {
    OrderLimits.problem(ofIdentifier: orderID) == nil
}
