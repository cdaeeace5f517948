/// The state after `event` happened to an order in `state`; nil is an order that does not exist yet.
///
/// Total on purpose: what happened has happened, so an event out of place (a history written by somebody else) never
/// traps. Two rules protect a reader of such a history: nothing revives a cancelled order, and nothing happens before
/// it is placed.
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
    /// The state that these events, in order, lead to from `start`.
    public func fold(from start: OrderState? = nil) -> OrderState? {
        reduce(start, evolve)
    }
}
