import OrdersProto
import SwiftProtobuf

/// The JSON of what the API answers: the fields of the contract in the order its documentation shows them.
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
        json.member("created_at", order.createdAt.rfc3339)
        json.member("updated_at", order.updatedAt.rfc3339)
    }

    static func write(_ order: Orders_V1_OrderSummary, _ json: inout JSONWriter) {
        json.member("order_id", order.orderID)
        json.member("payment_status", order.paymentStatus.jsonName)
        json.member("shipping_status", order.shippingStatus.jsonName)
        json.member("created_at", order.createdAt.rfc3339)
        json.member("updated_at", order.updatedAt.rfc3339)
    }

    /// A price from the store has at most two decimals and is far below 2^53 cents.
    private static func decimal(_ price: Double) -> String {
        JSONWriter.decimal(cents: Int64((price * 100).rounded()))
    }
}
