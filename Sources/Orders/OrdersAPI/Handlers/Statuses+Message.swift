import Orders
import OrdersProto
import SwiftProtobuf
import Values

extension Orders_V1_PaymentStatus {
    init(_ status: PaymentStatus) {
        switch status {
        case .pending: self = .pending
        case .initiated: self = .initiated
        case .paid: self = .paid
        case .failed: self = .failed
        }
    }

    /// The names of the contract, which JSON uses.
    static let names: [(String, Orders_V1_PaymentStatus)] = [
        ("PAYMENT_STATUS_UNSPECIFIED", .unspecified), ("PAYMENT_STATUS_PENDING", .pending),
        ("PAYMENT_STATUS_INITIATED", .initiated), ("PAYMENT_STATUS_PAID", .paid), ("PAYMENT_STATUS_FAILED", .failed),
    ]

    var jsonName: String { Self.names.first { $0.1 == self }?.0 ?? String(rawValue) }
}

extension Orders_V1_ShippingStatus {
    init(_ status: ShippingStatus) {
        switch status {
        case .waitingForPayment: self = .waitingForPayment
        case .waitingForShipment: self = .waitingForShipment
        case .inTransit: self = .inTransit
        case .delivered: self = .delivered
        case .cancelled: self = .cancelled
        }
    }

    static let names: [(String, Orders_V1_ShippingStatus)] = [
        ("SHIPPING_STATUS_UNSPECIFIED", .unspecified), ("SHIPPING_STATUS_WAITING_FOR_PAYMENT", .waitingForPayment),
        ("SHIPPING_STATUS_WAITING_FOR_SHIPMENT", .waitingForShipment), ("SHIPPING_STATUS_IN_TRANSIT", .inTransit),
        ("SHIPPING_STATUS_DELIVERED", .delivered), ("SHIPPING_STATUS_CANCELLED", .cancelled),
    ]

    var jsonName: String { Self.names.first { $0.1 == self }?.0 ?? String(rawValue) }
}

extension Google_Protobuf_Timestamp {
    init(microsecondsSince1970 microseconds: Int64) {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let borrow: Int64 = remainder < 0 ? 1 : 0
        self.init(seconds: quotient - borrow, nanos: Int32(remainder + borrow * 1_000_000) * 1000)
    }

    var rfc3339: String { CivilTime(secondsSince1970: seconds, nanosecond: Int64(nanos)).rfc3339() }
}
