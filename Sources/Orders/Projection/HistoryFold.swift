import Consumers
import EventStore
import Values

/// What whole histories from the event store make of their orders. Pure.
///
/// An order that the event store does not know is absent: it does not exist, whatever a message said. A history is
/// followed up to the first event that cannot be read.
struct HistoryFold {
    private(set) var orders: [ProjectedOrder] = []
    private(set) var unreadable: [UnreadableReport] = []

    init(_ histories: [RecordedHistory]) {
        orders.reserveCapacity(histories.count)
        for history in histories { fold(history) }
    }

    private mutating func fold(_ history: RecordedHistory) {
        var current: ProjectedOrder?
        do throws(UnreadableMessage) {
            for event in history.events { current = try Self.next(current, ReadableEvent(history.orderID, event)) }
        } catch {
            unreadable.append(
                UnreadableReport(place: "event store, order \(history.orderID)", problem: error.description))
        }
        if let current { orders.append(current) }
    }

    private static func next(
        _ order: ProjectedOrder?, _ event: ReadableEvent
    ) throws(UnreadableMessage) -> ProjectedOrder {
        guard let next = ProjectedOrder.after(order, event) else {
            throw UnreadableMessage(
                "its event \(event.sequenceNumber) does not follow event \(order?.lastSequenceNumber ?? -1)")
        }
        return next
    }
}

/// A message, or a stored history, that was passed over.
struct UnreadableReport: Sendable {
    /// Where it is, for the log.
    let place: String
    /// What is wrong with it; safe to log.
    let problem: String
}

extension UnreadableReport {
    init(_ message: ConsumedMessage, _ problem: UnreadableMessage) {
        self.init(place: "partition \(message.partition), offset \(message.offset)", problem: problem.description)
    }
}
