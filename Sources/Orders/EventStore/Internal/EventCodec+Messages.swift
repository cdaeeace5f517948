import Orders
import OrdersProto
import SwiftProtobuf

extension Google_Protobuf_Timestamp {
    init(microsecondsSince1970 value: Int64) {
        let (seconds, rest) = value.quotientAndRemainder(dividingBy: 1_000_000)
        // Before 1970 the remainder is negative, but nanoseconds never are.
        let borrow: Int64 = rest < 0 ? 1 : 0
        self.init(seconds: seconds - borrow, nanos: Int32((rest + borrow * 1_000_000) * 1000))
    }
}

extension Orders_V1_OrderPlaced {
    init(_ details: OrderDetails, orderID: String, _ time: Google_Protobuf_Timestamp) {
        self.init()
        self.orderID = orderID
        occurredAt = time
        customerID = details.customerID
        vendorID = details.vendorID
        productID = details.productID
        quantity = details.quantity
        totalPriceCents = details.totalPrice.cents
        paymentMethod = details.paymentMethod
    }
}

extension OrderDetails {
    /// Nil if the price is out of the range of ``Money``.
    init?(_ message: Orders_V1_OrderPlaced) {
        guard let price = Money(cents: message.totalPriceCents) else { return nil }
        self.init(
            customerID: message.customerID, vendorID: message.vendorID, productID: message.productID,
            quantity: message.quantity, totalPrice: price, paymentMethod: message.paymentMethod)
    }
}

extension ShippingStatus {
    /// Nil for `UNSPECIFIED` and for values of a newer schema.
    init?(_ message: Orders_V1_ShippingStatus) {
        switch message {
        case .waitingForPayment: self = .waitingForPayment
        case .waitingForShipment: self = .waitingForShipment
        case .inTransit: self = .inTransit
        case .delivered: self = .delivered
        case .cancelled: self = .cancelled
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }

    var message: Orders_V1_ShippingStatus {
        switch self {
        case .waitingForPayment: .waitingForPayment
        case .waitingForShipment: .waitingForShipment
        case .inTransit: .inTransit
        case .delivered: .delivered
        case .cancelled: .cancelled
        }
    }
}
