import EventStore
import Orders
import OrdersProto
import Postgres
import SwiftProtobuf
import Values

extension Orders_V1_OrderEvent {
    init(_ stored: StoredEvent) {
        self.init()
        sequenceNumber = UInt32(clamping: stored.sequenceNumber)
        eventID = stored.eventID.description
        eventType = stored.type.rawValue
        createdAt = Google_Protobuf_Timestamp(microsecondsSince1970: stored.createdAt)
        payload = Self.payload(stored, createdAt)
    }

    /// The store writes one time into the event and beside it.
    private static func payload(_ stored: StoredEvent, _ time: Google_Protobuf_Timestamp) -> OneOf_Payload {
        let orderID = stored.orderID
        switch stored.event {
        case .placed(let details):
            return .orderPlaced(
                .with {
                    ($0.orderID, $0.occurredAt) = (orderID, time)
                    ($0.customerID, $0.vendorID, $0.productID) = (
                        details.customerID, details.vendorID, details.productID
                    )
                    ($0.quantity, $0.totalPriceCents) = (details.quantity, details.totalPrice.cents)
                    $0.paymentMethod = details.paymentMethod
                })
        case .paymentInitiated: return .orderPaymentInitiated(.with { ($0.orderID, $0.occurredAt) = (orderID, time) })
        case .paid: return .orderPaid(.with { ($0.orderID, $0.occurredAt) = (orderID, time) })
        case .paymentFailed(let reason):
            return .orderPaymentFailed(.with { ($0.orderID, $0.occurredAt, $0.reason) = (orderID, time, reason) })
        case .cancelled(let reason):
            return .orderCancelled(.with { ($0.orderID, $0.occurredAt, $0.reason) = (orderID, time, reason) })
        case .shippingStatusUpdated(let status):
            return .orderShippingStatusUpdated(
                .with { ($0.orderID, $0.occurredAt, $0.status) = (orderID, time, Orders_V1_ShippingStatus(status)) })
        }
    }
}

extension OrderEvent {
    /// Whether nothing can happen to the goods after this.
    var endsOrder: Bool {
        switch self {
        case .cancelled, .shippingStatusUpdated(.delivered): true
        default: false
        }
    }
}
