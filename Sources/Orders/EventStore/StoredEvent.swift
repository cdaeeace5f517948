public import Orders
import Postgres
public import Values

/// One event with its place in an order's history.
public struct StoredEvent: Hashable, Sendable {
    public let orderID: String
    /// From 0, without gaps.
    public let sequenceNumber: Int64
    public let eventID: UUIDBytes
    public let event: OrderEvent
    /// When it was recorded, in microseconds since 1970.
    public let createdAt: Int64

    public init(orderID: String, sequenceNumber: Int64, eventID: UUIDBytes, event: OrderEvent, createdAt: Int64) {
        self.orderID = orderID
        self.sequenceNumber = sequenceNumber
        self.eventID = eventID
        self.event = event
        self.createdAt = createdAt
    }

    public var type: EventType {
        switch event {
        case .placed: .placed
        case .paymentInitiated: .paymentInitiated
        case .paid: .paid
        case .paymentFailed: .paymentFailed
        case .cancelled: .cancelled
        case .shippingStatusUpdated: .shippingStatusUpdated
        }
    }
}
