/// How far the goods of an order have come. ``cancelled`` ends every order that is not delivered yet.
public enum ShippingStatus: Hashable, Sendable, CaseIterable {
    case waitingForPayment
    case waitingForShipment
    case inTransit
    case delivered
    case cancelled
}
