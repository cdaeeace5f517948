/// What somebody wants to happen to one order. ``decide(_:_:)`` says whether it does.
public enum OrderCommand: Hashable, Sendable {
    case place(OrderDetails)
    case cancel(reason: String)
    case updateShippingStatus(ShippingStatus)
    /// The gateway is about to be asked for the money.
    case initiatePayment
    /// The gateway took the money.
    case recordPayment
    /// The gateway declined.
    case recordPaymentFailure(reason: String)
}
