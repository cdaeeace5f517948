/// A fact about one order. Events carry no time and no identifier: the event store records both beside them.
public enum OrderEvent: Hashable, Sendable {
    /// The order exists from now on; the first event of every order.
    case placed(OrderDetails)
    /// The payment gateway is being asked.
    case paymentInitiated
    /// The gateway took the money.
    case paid
    /// The gateway declined.
    case paymentFailed(reason: String)
    /// The order ends without a delivery.
    case cancelled(reason: String)
    /// The goods reached this status: `inTransit` or `delivered`.
    case shippingStatusUpdated(ShippingStatus)
}

/// The state after `event` happened to an order in `state`; nil is an order that does not exist.
///
/// The function accepts every event in every state and never traps, because an event is a fact and another program may
/// have written the history. Two rules protect readers of such a history: a cancelled order stays cancelled, and an
/// event before the placement has no effect.
public func evolve(_ state: OrderState?, _ event: OrderEvent) -> OrderState? {
    guard var order = state else {
        if case .placed(let details) = event { return OrderState(details: details) }
        return nil
    }
    guard order.shippingStatus != .cancelled else { return order }
    switch event {
    case .placed:
        break
    case .paymentInitiated:
        order.paymentStatus = .initiated
    case .paid:
        order.paymentStatus = .paid
        order.paymentFailureReason = nil
        if order.shippingStatus == .waitingForPayment { order.shippingStatus = .waitingForShipment }
    case .paymentFailed(let reason):
        order.paymentStatus = .failed
        order.paymentFailureReason = reason
    case .cancelled(let reason):
        order.shippingStatus = .cancelled
        order.cancellationReason = reason
    case .shippingStatusUpdated(let status):
        order.shippingStatus = status
    }
    return order
}

extension Sequence where Element == OrderEvent {
    /// The state after these events, applied in order to `start`; nil if the order is not placed.
    public func fold(from start: OrderState? = nil) -> OrderState? {
        reduce(start, evolve)
    }
}
