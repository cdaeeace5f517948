import OrdersProto

/// Part of an order's events, in order.
struct StoredHistory: Sendable {
    let events: [Orders_V1_OrderEvent]
    /// How many events the order has in all.
    let version: UInt32
    /// Whether nothing can happen to the order any more.
    let isFinal: Bool
}
