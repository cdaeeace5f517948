import EventStore
import Orders
import OrdersProto

/// What a watcher of one order is shown: its events from a sequence number on, until nothing can happen any more.
///
/// I/O-free: ``next()`` says what to do, the others tell what came of it.
struct OrderWatch {
    /// What to do next.
    enum Action: Equatable {
        /// Read events from this sequence number on.
        case read(from: Int64)
        /// Show this event.
        case show(Orders_V1_OrderEvent)
        /// Wait for the order to change.
        case wait
        case end
    }

    private var nextSequence: Int64
    private var unseen: ArraySlice<StoredEvent> = []
    private var phase = Phase.reading

    private enum Phase {
        case reading
        case waiting
        /// An event that ends every order was read, and is shown last.
        case finishing
    }

    /// - Parameters:
    ///   - from: the first sequence number wanted.
    ///   - order: the order as it was when the watch began.
    init(from: Int64, order: LoadedOrder) {
        nextSequence = from
        if order.state.isFinal, from >= order.version { phase = .finishing }
    }

    mutating func next() -> Action {
        if let event = unseen.popFirst() { return .show(Orders_V1_OrderEvent(event)) }
        switch phase {
        case .reading: return .read(from: nextSequence)
        case .waiting: return .wait
        case .finishing: return .end
        }
    }

    /// - Parameter events: what was read, in order; less than was asked for if there is no more at present.
    mutating func received(_ events: [StoredEvent], limit: Int) {
        unseen = events[...]
        if let last = events.last { nextSequence = last.sequenceNumber + 1 }
        if events.contains(where: { $0.event.endsOrder }) {
            phase = .finishing
        } else {
            phase = events.count < limit ? .waiting : .reading
        }
    }

    /// The order may have changed.
    mutating func changed() {
        if phase == .waiting { phase = .reading }
    }
}
