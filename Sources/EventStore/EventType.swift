/// The names of the events in the event store, in the outbox and on Kafka.
public enum EventType: String, Sendable, CaseIterable {
    case placed = "order_placed"
    case paymentInitiated = "order_payment_initiated"
    case paid = "order_paid"
    case paymentFailed = "order_payment_failed"
    case cancelled = "order_cancelled"
    case shippingStatusUpdated = "order_shipping_status_updated"
}

/// The aggregate type of every order.
public let orderAggregateType = "order"
