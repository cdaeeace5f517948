import Orders
import OrdersProto

extension RequestValidation {
    /// The shipping status that an order may be moved to by hand; nil if a violation was noted instead.
    mutating func shippingTarget(_ field: String, _ status: Orders_V1_ShippingStatus) -> ShippingStatus? {
        switch status {
        case .inTransit: return .inTransit
        case .delivered: return .delivered
        case .unspecified:
            require(false, field, "must be given")
        case .cancelled:
            require(false, field, "an order is cancelled by CancelOrder, not through its shipping status")
        case .waitingForPayment, .waitingForShipment:
            require(false, field, "must be SHIPPING_STATUS_IN_TRANSIT or SHIPPING_STATUS_DELIVERED")
        case .UNRECOGNIZED(let number):
            require(false, field, "there is no shipping status \(number)")
        }
        return nil
    }
}
