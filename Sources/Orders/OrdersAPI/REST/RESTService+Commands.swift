import HTTP2
import OrdersProto
import SwiftProtobuf

extension RESTService {
    private static let placeFields = FieldNames(
        ["customer_id", "vendor_id", "product_id", "quantity", "total_price", "payment_method"])
    private static let cancelFields = FieldNames(["order_id", "reason", "expected_version"])
    private static let shippingFields = FieldNames(["order_id", "status", "expected_version"])

    nonisolated(nonsending) func placeOrder(_ request: RESTRequest) async throws -> RESTResponse {
        var fields = try fields(request, Self.placeFields)
        var message = Orders_V1_PlaceOrderRequest()
        message.customerID = fields.string("customer_id")
        message.vendorID = fields.string("vendor_id")
        message.productID = fields.string("product_id")
        message.quantity = fields.int32("quantity")
        message.totalPrice = fields.price("total_price")
        message.paymentMethod = fields.string("payment_method")
        try fields.finish()
        message.requestID = try Self.requestID(request.headers)
        return written(try await handlers.placeOrder(message, request.call))
    }

    nonisolated(nonsending) func cancelOrder(_ orderID: String, _ request: RESTRequest) async throws -> RESTResponse {
        try await conditionalWrite(orderID, request, Self.cancelFields, handlers.cancelOrder) { message, fields in
            message.reason = fields.string("reason")
        }
    }

    nonisolated(nonsending) func updateShippingStatus(_ orderID: String, _ request: RESTRequest) async throws
        -> RESTResponse
    {
        try await conditionalWrite(
            orderID, request, Self.shippingFields, handlers.updateOrderShippingStatus
        ) { message, fields in
            message.status = fields.choice("status", Orders_V1_ShippingStatus.names) ?? .unspecified
        }
    }

    /// Runs a write on an existing order, which must be at one of the versions of `If-Match` if the request has that
    /// header.
    ///
    /// The version is checked together with the write and not before it: a repeated `Idempotency-Key` gets the first
    /// answer, whatever the order's version is now.
    ///
    /// - Parameters:
    ///   - names: the fields of the body, with `order_id` and `expected_version`.
    ///   - read: copies the other field into the message.
    /// - Throws: ``APIError``, with 412 if `If-Match` does not hold.
    private nonisolated(nonsending) func conditionalWrite<Write: ConditionalRequest>(
        _ orderID: String, _ request: RESTRequest, _ names: FieldNames,
        _ handler: (Write, CallContext) async throws(APIError) -> some WriteResponse,
        read: (inout Write, inout JSONFields) -> Void
    ) async throws -> RESTResponse {
        var fields = try fields(request, names)
        var message = Write()
        message.orderID = orderID
        let bodyOrderID = fields.string("order_id")
        read(&message, &fields)
        if let version = fields.optionalUInt32("expected_version") { message.expectedVersion = version }
        try fields.finish()
        guard bodyOrderID.isEmpty || bodyOrderID == orderID else {
            throw APIError.invalid("order_id", "is another one in the path")
        }
        message.requestID = try Self.requestID(request.headers)
        let precondition = IfMatch(request.headers)
        var call = request.call
        call.allowedVersions = precondition?.versions
        do throws(APIError) {
            return written(try await handler(message, call))
        } catch {
            throw precondition?.explain(error) ?? error
        }
    }

    /// The version and the replay mark are headers, so that the body is the one that clients of the reference know.
    private func written(_ answer: some WriteResponse) -> RESTResponse {
        var headers: ResponseFields = [:]
        headers[.eTag] = IfMatch.entityTag(answer.version)
        if answer.replayed { headers[.idempotencyReplayed] = "true" }
        return .json(headers: headers) { $0.member("order_id", answer.orderID) }
    }

    /// The request_id of a write, from the header `Idempotency-Key`; empty without that header.
    ///
    /// The header may be a string in quotes, as the IETF draft defines it, or the bare key; both are the same key.
    private static func requestID(_ headers: HTTP2Headers) throws(APIError) -> String {
        let values = headers.values("idempotency-key")
        guard let value = values.first else { return "" }
        guard values.count == 1 else { throw APIError.invalid("Idempotency-Key", "is given more than once") }
        var key = Substring(value)
        if key.utf8.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = key.dropFirst().dropLast() }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 })
        else {
            throw APIError.invalid(
                "Idempotency-Key", "must have 1 to 255 visible ASCII characters, none of them a quote")
        }
        return String(key)
    }
}
