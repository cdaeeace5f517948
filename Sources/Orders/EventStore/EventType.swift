package import Orders

/// The name of an event in the event store, in the outbox and in the header `ce_type` on Kafka.
public enum EventType: String, Sendable, CaseIterable {
    /// ``Orders/OrderEvent/placed(_:)``
    case placed = "order_placed"
    /// ``Orders/OrderEvent/paymentInitiated``
    case paymentInitiated = "order_payment_initiated"
    /// ``Orders/OrderEvent/paid``
    case paid = "order_paid"
    /// ``Orders/OrderEvent/paymentFailed(reason:)``
    case paymentFailed = "order_payment_failed"
    /// ``Orders/OrderEvent/cancelled(reason:)``
    case cancelled = "order_cancelled"
    /// ``Orders/OrderEvent/shippingStatusUpdated(_:)``
    case shippingStatusUpdated = "order_shipping_status_updated"

    /// Compares the bytes of a column, without a `String`; nil if the name is unknown.
    public init?(utf8 name: UnsafeRawBufferPointer) {
        for type in Self.allCases where type.rawValue.utf8.count == name.count && name.elementsEqual(type.rawValue.utf8)
        {
            self = type
            return
        }
        return nil
    }
}

extension OrderEvent {
    /// The name under which the event is stored.
    package var type: EventType {
        switch self {
        case .placed: .placed
        case .paymentInitiated: .paymentInitiated
        case .paid: .paid
        case .paymentFailed: .paymentFailed
        case .cancelled: .cancelled
        case .shippingStatusUpdated: .shippingStatusUpdated
        }
    }
}

/// The aggregate type of every order, in `event` and in `outbox`.
let orderAggregateType = "order"
