public import Orders

/// An order as far as its events are known: a message from Kafka or an earlier command told them.
///
/// A command that comes with it loads nothing. The order may have changed since, or the events may never have been in
/// this store: the append finds out, because it requires that the last known event is the order's last one.
public struct KnownOrder: Hashable, Sendable {
    /// The order's id.
    public let orderID: String
    let head: StreamHead

    /// The order folded from the known events; nil if none of them places it.
    public var state: OrderState? { head.state }
    /// The number of known events.
    public var version: Int64 { head.version }

    init(_ orderID: String, _ head: StreamHead) {
        self.orderID = orderID
        self.head = head
    }

    /// An order of which only the first event is known; nil if that event does not place an order.
    public init?(first event: StoredEvent) {
        guard event.sequenceNumber == 0, case .placed = event.event else { return nil }
        self.init(event.orderID, [event])
    }

    /// An order of which these events are known, from the first one on without gaps.
    package init(_ orderID: String, _ events: [StoredEvent]) {
        var head = StreamHead.empty
        for event in events {
            assert(event.sequenceNumber == head.version, "the known events of \(orderID) have a gap")
            head.append(event.event, id: event.eventID, at: event.createdAt)
        }
        self.init(orderID, head)
    }
}

/// A command of a batch, see ``EventStore/execute(_:)``.
public struct BatchedCommand: Sendable {
    /// What to do with the order.
    public var command: OrderCommand
    /// The order's id.
    public var orderID: String
    /// What is known of the order; nil lets the event store load it.
    public var known: KnownOrder?

    /// - Parameter known: of the same order.
    public init(_ command: OrderCommand, on orderID: String, known: KnownOrder?) {
        self.command = command
        self.orderID = orderID
        self.known = known
    }
}

/// What became of one command of a batch.
public enum BatchedOutcome: Sendable {
    /// The command's event is durable. The order with that event.
    case appended(KnownOrder)
    /// The command does not fit the order, whose events were loaded: nothing was written. An order without events has
    /// version 0.
    case rejected(OrderRejection, KnownOrder)
    /// Nothing was written, or with ``EventStoreError/outcomeUnknown(_:)`` perhaps something was.
    case failed(EventStoreError)
}
