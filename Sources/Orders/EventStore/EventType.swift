/// The names of the events in the event store, in the outbox and on Kafka.
public enum EventType: String, Sendable, CaseIterable {
    case placed = "order_placed"
    case paymentInitiated = "order_payment_initiated"
    case paid = "order_paid"
    case paymentFailed = "order_payment_failed"
    case cancelled = "order_cancelled"
    case shippingStatusUpdated = "order_shipping_status_updated"
}

extension EventType {
    /// Reads a column without making a `String` of it; nil if the name is unknown.
    init?(utf8 name: UnsafeRawBufferPointer) {
        for type in Self.allCases where type.rawValue.utf8.count == name.count && name.elementsEqual(type.rawValue.utf8)
        {
            self = type
            return
        }
        return nil
    }
}

/// The aggregate type of every order.
public let orderAggregateType = "order"
