import Orders
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    func placeOrder(_ request: Orders_V1_PlaceOrderRequest) async throws(APIError) -> Orders_V1_PlaceOrderResponse {
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
        let details = OrderDetails(
            customerID: request.customerID, vendorID: request.vendorID, productID: request.productID,
            quantity: request.quantity, totalPrice: price, paymentMethod: request.paymentMethod)
        var unkeyed = request
        unkeyed.requestID = ""
        let options = try options(requestID: request.requestID, method: "PlaceOrder", unkeyed, expectedVersion: nil)
        let receipt = try await store.place(details, options)
        return .with {
            $0.orderID = receipt.orderID
            $0.version = receipt.version
            $0.replayed = receipt.isReplay
        }
    }

    func cancelOrder(_ request: Orders_V1_CancelOrderRequest) async throws(APIError) -> Orders_V1_CancelOrderResponse {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        validation.reason("reason", request.reason)
        validation.requestID(request.requestID)
        try validation.finish()
        var unkeyed = request
        unkeyed.requestID = ""
        let options = try options(
            requestID: request.requestID, method: "CancelOrder", unkeyed,
            expectedVersion: request.hasExpectedVersion ? request.expectedVersion : nil)
        let receipt = try await store.execute(.cancel(reason: request.reason), on: request.orderID, options)
        return .with {
            $0.orderID = receipt.orderID
            $0.version = receipt.version
            $0.replayed = receipt.isReplay
        }
    }

    func updateOrderShippingStatus(
        _ request: Orders_V1_UpdateOrderShippingStatusRequest
    ) async throws(APIError) -> Orders_V1_UpdateOrderShippingStatusResponse {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        let status = validation.shippingTarget("status", request.status)
        validation.requestID(request.requestID)
        try validation.finish()
        guard let status else { throw APIError.internalError }
        var unkeyed = request
        unkeyed.requestID = ""
        let options = try options(
            requestID: request.requestID, method: "UpdateOrderShippingStatus", unkeyed,
            expectedVersion: request.hasExpectedVersion ? request.expectedVersion : nil)
        let receipt = try await store.execute(.updateShippingStatus(status), on: request.orderID, options)
        return .with {
            $0.orderID = receipt.orderID
            $0.version = receipt.version
            $0.replayed = receipt.isReplay
        }
    }

    /// - Parameter unkeyed: the request without its request_id.
    private func options(
        requestID: String, method: String, _ unkeyed: some Message, expectedVersion: UInt32?
    ) throws(APIError) -> CommandOptions {
        var options = CommandOptions(expectedVersion: expectedVersion)
        guard !requestID.isEmpty else { return options }
        guard let body: [UInt8] = try? unkeyed.serializedBytes() else { throw APIError.internalError }
        options.requestID = requestID
        options.fingerprint = Array(method.utf8) + [0] + body
        return options
    }
}
