import OrdersProto
import SwiftProtobuf

extension OrderJSON {
    static func write(_ event: Orders_V1_OrderEvent, _ json: inout JSONWriter) {
        json.member("sequence_number", number: event.sequenceNumber)
        json.member("event_id", event.eventID)
        json.member("event_type", event.eventType)
        json.member("created_at", event.createdAt.rfc3339)
        json.name("payload")
        json.object { write(event.payload, &$0) }
    }

    /// The fields of the event's own message. Cents are a JSON number, as they are far below what a double tells apart.
    private static func write(_ payload: Orders_V1_OrderEvent.OneOf_Payload?, _ json: inout JSONWriter) {
        switch payload {
        case .orderPlaced(let event):
            json.member("order_id", event.orderID)
            json.member("occurred_at", event.occurredAt.rfc3339)
            json.member("customer_id", event.customerID)
            json.member("vendor_id", event.vendorID)
            json.member("product_id", event.productID)
            json.member("quantity", number: event.quantity)
            json.member("total_price_cents", number: event.totalPriceCents)
            json.member("payment_method", event.paymentMethod)
        case .orderPaymentInitiated(let event):
            json.member("order_id", event.orderID)
            json.member("occurred_at", event.occurredAt.rfc3339)
        case .orderPaid(let event):
            json.member("order_id", event.orderID)
            json.member("occurred_at", event.occurredAt.rfc3339)
        case .orderPaymentFailed(let event):
            json.member("order_id", event.orderID)
            json.member("occurred_at", event.occurredAt.rfc3339)
            json.member("reason", event.reason)
        case .orderCancelled(let event):
            json.member("order_id", event.orderID)
            json.member("occurred_at", event.occurredAt.rfc3339)
            json.member("reason", event.reason)
        case .orderShippingStatusUpdated(let event):
            json.member("order_id", event.orderID)
            json.member("occurred_at", event.occurredAt.rfc3339)
            json.member("status", event.status.jsonName)
        case nil:
            break
        }
    }
}
