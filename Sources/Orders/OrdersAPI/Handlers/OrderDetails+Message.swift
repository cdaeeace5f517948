import EventStore
import Orders
import OrdersProto
import SwiftProtobuf

extension OrderDetails {
    /// - Throws: ``APIError`` that names every field at fault.
    init(_ request: Orders_V1_PlaceOrderRequest) throws(APIError) {
        var validation = RequestValidation()
        validation.identifier("customer_id", request.customerID)
        validation.identifier("vendor_id", request.vendorID)
        validation.identifier("product_id", request.productID)
        validation.require(request.quantity > 0, "quantity", "must be more than zero")
        let price = validation.price("total_price", request.totalPrice)
        validation.identifier("payment_method", request.paymentMethod)
        validation.requestID(request.requestID)
        try validation.finish()
        // Without a price there was a violation.
        guard let price else { throw APIError.internalError }
        self.init(
            customerID: request.customerID, vendorID: request.vendorID, productID: request.productID,
            quantity: request.quantity, totalPrice: price, paymentMethod: request.paymentMethod)
    }
}

extension Orders_V1_OrderDetails {
    init(_ order: LoadedOrder) {
        self.init()
        let details = order.state.details
        orderID = order.orderID
        customerID = details.customerID
        vendorID = details.vendorID
        productID = details.productID
        quantity = details.quantity
        totalPrice = details.totalPrice.wireValue
        paymentMethod = details.paymentMethod
        paymentStatus = Orders_V1_PaymentStatus(order.state.paymentStatus)
        shippingStatus = Orders_V1_ShippingStatus(order.state.shippingStatus)
        version = UInt32(clamping: order.version)
        createdAt = Google_Protobuf_Timestamp(microsecondsSince1970: order.createdAt)
        updatedAt = Google_Protobuf_Timestamp(microsecondsSince1970: order.updatedAt)
        if let reason = order.state.paymentFailureReason { paymentFailureReason = reason }
        if let reason = order.state.cancellationReason { cancellationReason = reason }
    }
}
