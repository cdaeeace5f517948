public import Orders
public import Values

/// One event with its place in an order's history.
public struct StoredEvent: Hashable, Sendable {
    /// The order whose history holds the event.
    public let orderID: String
    /// The position in the history: from 0, without gaps.
    public let sequenceNumber: Int64
    /// Unique among all events; also the header `id` of the Kafka record.
    public let eventID: UUIDBytes
    /// What happened.
    public let event: OrderEvent
    /// When the event was recorded, in microseconds since 1970.
    public let createdAt: Int64

    /// - Parameters:
    ///   - sequenceNumber: from 0, without gaps.
    ///   - createdAt: microseconds since 1970.
    public init(orderID: String, sequenceNumber: Int64, eventID: UUIDBytes, event: OrderEvent, createdAt: Int64) {
        self.orderID = orderID
        self.sequenceNumber = sequenceNumber
        self.eventID = eventID
        self.event = event
        self.createdAt = createdAt
    }
}

/// The state of an order after the events that were recorded when it was read.
public struct LoadedOrder: Hashable, Sendable {
    /// The order that was read.
    public let orderID: String
    /// The order folded from its events.
    public let state: OrderState
    /// The number of its events.
    public let version: Int64
    /// When the first event was recorded, in microseconds since 1970.
    public let createdAt: Int64
    /// When the last event was recorded, in microseconds since 1970.
    public let updatedAt: Int64

    /// - Parameters:
    ///   - version: the number of events, at least 1.
    ///   - createdAt: when the first event was recorded, in microseconds since 1970.
    ///   - updatedAt: when the last event was recorded, in microseconds since 1970.
    public init(orderID: String, state: OrderState, version: Int64, createdAt: Int64, updatedAt: Int64) {
        self.orderID = orderID
        self.state = state
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

extension Sequence where Element == StoredEvent {
    /// The order after these events, a whole history in order; nil if none of them places it.
    package func folded() -> LoadedOrder? {
        var state: OrderState?
        var first: StoredEvent?
        var last: StoredEvent?
        for stored in self {
            state = evolve(state, stored.event)
            first = first ?? stored
            last = stored
        }
        guard let state, let first, let last else { return nil }
        return LoadedOrder(
            orderID: last.orderID, state: state, version: last.sequenceNumber + 1, createdAt: first.createdAt,
            updatedAt: last.createdAt)
    }
}
