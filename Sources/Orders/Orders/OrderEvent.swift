/// What happened to one order. Events carry no time and no identity: those belong to the store that records them.
public enum OrderEvent: Hashable, Sendable {
    case placed(OrderDetails)
    case paymentInitiated
    case paid
    case paymentFailed(reason: String)
    case cancelled(reason: String)
    case shippingStatusUpdated(ShippingStatus)
}
