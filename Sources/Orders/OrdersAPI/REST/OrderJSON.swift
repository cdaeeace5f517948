import OrdersProto
import SwiftProtobuf

/// Writes the API's messages as JSON, with the fields of the contract in the order of its documentation.
enum OrderJSON {
    static func write(_ order: Orders_V1_OrderDetails, _ json: inout JSONWriter) {
        json.member("order_id", order.orderID)
        json.member("customer_id", order.customerID)
        json.member("vendor_id", order.vendorID)
        json.member("product_id", order.productID)
        json.member("quantity", number: order.quantity)
        json.name("total_price")
        json.literal(decimal(order.totalPrice))
        json.member("payment_method", order.paymentMethod)
        json.member("payment_status", order.paymentStatus.jsonName)
        json.member("shipping_status", order.shippingStatus.jsonName)
        if order.hasPaymentFailureReason { json.member("payment_failure_reason", order.paymentFailureReason) }
        if order.hasCancellationReason { json.member("cancellation_reason", order.cancellationReason) }
        json.member("version", number: order.version)
        json.member("created_at", order.createdAt.rfc3339)
        json.member("updated_at", order.updatedAt.rfc3339)
    }

    static func write(_ order: Orders_V1_OrderSummary, _ json: inout JSONWriter) {
        json.member("order_id", order.orderID)
        json.member("customer_id", order.customerID)
        json.member("vendor_id", order.vendorID)
        json.member("payment_status", order.paymentStatus.jsonName)
        json.member("shipping_status", order.shippingStatus.jsonName)
        json.member("version", number: order.version)
        json.member("created_at", order.createdAt.rfc3339)
        json.member("updated_at", order.updatedAt.rfc3339)
    }

    /// A price from the store has at most two decimals and is below 2^53 cents, so the conversion is exact.
    private static func decimal(_ price: Double) -> String {
        JSONWriter.decimal(cents: Int64((price * 100).rounded()))
    }

    // MARK: - Events

    static func write(_ event: Orders_V1_OrderEvent, _ json: inout JSONWriter) {
        json.member("sequence_number", number: event.sequenceNumber)
        json.member("event_id", event.eventID)
        json.member("event_type", event.eventType)
        json.member("created_at", event.createdAt.rfc3339)
        json.name("payload")
        json.object { write(event.payload, &$0) }
    }

    /// The fields of the event's message. Cents are a JSON number, because they are below 2^53.
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

/// Writes Server-Sent Events.
enum EventStreamText {
    /// The beginning of a stream: a browser reconnects one second after the stream breaks.
    static let beginning = Array("retry: 1000\n\n".utf8)

    /// An event with its sequence number as the id, or a comment.
    static func item(_ item: OrderHandlers.WatchItem) -> [UInt8] {
        switch item {
        case .quiet: return Array(": quiet\n\n".utf8)
        case .event(let event):
            var json = JSONWriter()
            json.object { OrderJSON.write(event, &$0) }
            let head = "id: \(event.sequenceNumber)\nevent: \(event.eventType)\ndata: "
            return Array(head.utf8) + json.bytes + Array("\n\n".utf8)
        }
    }
}
