import HTTPTypes
import OrdersProto

extension RESTService {
    func placeOrder(_ request: RESTRequest) async throws -> RESTResponse {
        var fields = try await fields(
            request,
            ["customer_id", "vendor_id", "product_id", "quantity", "total_price", "payment_method"])
        var message = Orders_V1_PlaceOrderRequest()
        message.customerID = fields.string("customer_id")
        message.vendorID = fields.string("vendor_id")
        message.productID = fields.string("product_id")
        message.quantity = fields.int32("quantity")
        message.totalPrice = fields.price("total_price")
        message.paymentMethod = fields.string("payment_method")
        try fields.finish()
        message.requestID = try requestID(request.headers)
        let answer = try await handlers.placeOrder(message, request.call)
        return written(answer.orderID, version: answer.version, replayed: answer.replayed)
    }

    func cancelOrder(_ orderID: String, _ request: RESTRequest) async throws -> RESTResponse {
        var fields = try await fields(request, ["order_id", "reason", "expected_version"])
        var message = Orders_V1_CancelOrderRequest()
        let bodyOrderID = fields.string("order_id")
        message.orderID = orderID
        message.reason = fields.string("reason")
        if let version = fields.optionalUInt32("expected_version") { message.expectedVersion = version }
        try fields.finish()
        try requireSameOrder(bodyOrderID, orderID)
        message.requestID = try requestID(request.headers)
        let prepared = message
        let answer = try await conditional(request) { call async throws(APIError) in
            try await handlers.cancelOrder(prepared, call)
        }
        return written(answer.orderID, version: answer.version, replayed: answer.replayed)
    }

    func updateShippingStatus(_ orderID: String, _ request: RESTRequest) async throws -> RESTResponse {
        var fields = try await fields(request, ["order_id", "status", "expected_version"])
        var message = Orders_V1_UpdateOrderShippingStatusRequest()
        let bodyOrderID = fields.string("order_id")
        message.orderID = orderID
        message.status = fields.choice("status", Orders_V1_ShippingStatus.names) ?? .unspecified
        if let version = fields.optionalUInt32("expected_version") { message.expectedVersion = version }
        try fields.finish()
        try requireSameOrder(bodyOrderID, orderID)
        message.requestID = try requestID(request.headers)
        let prepared = message
        let answer = try await conditional(request) { call async throws(APIError) in
            try await handlers.updateOrderShippingStatus(prepared, call)
        }
        return written(answer.orderID, version: answer.version, replayed: answer.replayed)
    }

    private func requireSameOrder(_ inBody: String, _ inPath: String) throws(APIError) {
        guard inBody.isEmpty || inBody == inPath else {
            throw APIError.invalid("order_id", "is another one in the path")
        }
    }

    /// The version and the replay mark go into headers, so that the body stays what clients of the reference know.
    private func written(_ orderID: String, version: UInt32, replayed: Bool) -> RESTResponse {
        var headers = HTTPFields()
        headers[.eTag] = EntityTag.text(version)
        if replayed { headers[.idempotencyReplayed] = "true" }
        return .json(headers: headers) { $0.member("order_id", orderID) }
    }
}
