import EventStore
import Orders
import OrdersProto

/// The progress of one watch: an order's events from a sequence number on, until the order is delivered or cancelled.
///
/// A state machine without I/O: ``next()`` returns the next action, and the caller reports its result with
/// ``received(_:limit:)`` or ``changed()``.
struct OrderWatch {
    /// The next step of the driver.
    enum Action: Equatable {
        /// Read events from this sequence number on.
        case read(from: Int64)
        /// Send this event to the client.
        case show(Orders_V1_OrderEvent)
        /// Wait for the order to change.
        case wait
        /// The order is final and all its events have been shown.
        case end
    }

    private var nextSequence: Int64
    private var unseen: ArraySlice<StoredEvent> = []
    private var phase = Phase.reading

    private enum Phase {
        case reading
        case waiting
        /// The order's last event was read; there is nothing to read or to wait for any more.
        case finishing
    }

    /// - Parameters:
    ///   - from: the sequence number of the first event to show.
    ///   - order: the order when the watch began.
    init(from: Int64, order: LoadedOrder) {
        nextSequence = from
        if order.state.isFinal, from >= order.version { phase = .finishing }
    }

    /// The next action. `show` and `end` need no report; the others do.
    mutating func next() -> Action {
        if let event = unseen.popFirst() { return .show(Orders_V1_OrderEvent(event)) }
        switch phase {
        case .reading: return .read(from: nextSequence)
        case .waiting: return .wait
        case .finishing: return .end
        }
    }

    /// Reports the result of ``Action/read(from:)``.
    ///
    /// - Parameters:
    ///   - events: in sequence; fewer than `limit` if the store has no further ones at present.
    ///   - limit: the most events that were asked for.
    mutating func received(_ events: [StoredEvent], limit: Int) {
        assert(unseen.isEmpty && phase == .reading, "events are read one page at a time")
        unseen = events[...]
        if let last = events.last { nextSequence = last.sequenceNumber + 1 }
        if events.contains(where: { $0.event.endsOrder }) {
            phase = .finishing
        } else {
            phase = events.count < limit ? .waiting : .reading
        }
    }

    /// Reports the end of ``Action/wait``: the order may have changed.
    mutating func changed() {
        if phase == .waiting { phase = .reading }
    }
}

extension OrderEvent {
    /// Whether the order is final after this event.
    fileprivate var endsOrder: Bool {
        switch self {
        case .cancelled, .shippingStatusUpdated(.delivered): true
        default: false
        }
    }
}
