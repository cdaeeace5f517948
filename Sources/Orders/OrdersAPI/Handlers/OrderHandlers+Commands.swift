import EventStore
import Orders
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    func placeOrder(
        _ request: Orders_V1_PlaceOrderRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_PlaceOrderResponse {
        try await response(of: placingOrder(request, call))
    }

    func placingOrder(
        _ request: Orders_V1_PlaceOrderRequest, _ call: CallContext
    ) throws(APIError) -> PendingResponse<CommandOutcome, Orders_V1_PlaceOrderResponse> {
        let details = try OrderDetails(request)
        return pending("PlaceOrder", store.placing(details, options: try options(call, "PlaceOrder", request)))
    }

    func cancelOrder(
        _ request: Orders_V1_CancelOrderRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_CancelOrderResponse {
        try await response(of: cancellingOrder(request, call))
    }

    func cancellingOrder(
        _ request: Orders_V1_CancelOrderRequest, _ call: CallContext
    ) throws(APIError) -> PendingResponse<CommandOutcome, Orders_V1_CancelOrderResponse> {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        validation.reason("reason", request.reason)
        validation.requestID(request.requestID)
        try validation.finish()
        return try executing("CancelOrder", .cancel(reason: request.reason), request, call)
    }

    func updateOrderShippingStatus(
        _ request: Orders_V1_UpdateOrderShippingStatusRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_UpdateOrderShippingStatusResponse {
        try await response(of: updatingOrderShippingStatus(request, call))
    }

    func updatingOrderShippingStatus(
        _ request: Orders_V1_UpdateOrderShippingStatusRequest, _ call: CallContext
    ) throws(APIError) -> PendingResponse<CommandOutcome, Orders_V1_UpdateOrderShippingStatusResponse> {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        let status = validation.shippingTarget("status", request.status)
        validation.requestID(request.requestID)
        try validation.finish()
        // Without a status there was a violation.
        guard let status else { throw internalError("UpdateOrderShippingStatus", "a status that passed is missing") }
        return try executing("UpdateOrderShippingStatus", .updateShippingStatus(status), request, call)
    }

    private func executing<Response: WriteResponse>(
        _ method: StaticString, _ command: OrderCommand, _ request: some ConditionalRequest, _ call: CallContext
    ) throws(APIError) -> PendingResponse<CommandOutcome, Response> {
        var options = try options(call, method, request)
        if request.hasExpectedVersion { options.expectedVersion = Int64(request.expectedVersion) }
        return pending(method, store.executing(command, on: request.orderID, options: options))
    }

    private func pending<Response: WriteResponse>(
        _ method: StaticString, _ reply: Reply<CommandOutcome>
    ) -> PendingResponse<CommandOutcome, Response> {
        PendingResponse(method: method, reply: reply) { handlers, outcome in
            // The watches of this server need not wait for the projector's notification.
            handlers.changes.changed(outcome.orderID)
            return Response(outcome)
        }
    }

    /// The hash of the idempotency key covers the method and the request without its request_id, so that the same key
    /// with another request is refused.
    private func options(
        _ call: CallContext, _ method: StaticString, _ request: some WriteRequest
    ) throws(APIError) -> CommandOptions {
        var options = CommandOptions(
            allowedVersions: call.allowedVersions?.map { Int64($0) }, deadline: call.deadline,
            traceparent: call.traceparent)
        guard !request.requestID.isEmpty else { return options }
        var unkeyed = request
        unkeyed.requestID = ""
        guard let body: [UInt8] = try? unkeyed.serializedBytes() else {
            throw internalError(method, "the request cannot be serialized")
        }
        options.idempotencyKey = IdempotencyKey(
            request.requestID, requestHash: Array(method.description.utf8) + [0] + body)
        return options
    }
}

// MARK: - The common fields of writes

/// A write, whose repetition is recognised by its request_id.
protocol WriteRequest: Message {
    /// Empty if the client sent none.
    var requestID: String { get set }
}

/// A write on an existing order.
protocol ConditionalRequest: WriteRequest {
    var orderID: String { get set }
    var hasExpectedVersion: Bool { get }
    /// The version that the order must have.
    var expectedVersion: UInt32 { get set }
}

/// The answer to a write.
protocol WriteResponse: Message {
    var orderID: String { get set }
    var version: UInt32 { get set }
    var replayed: Bool { get set }
}

extension WriteResponse {
    fileprivate init(_ outcome: CommandOutcome) {
        self.init()
        orderID = outcome.orderID
        version = UInt32(clamping: outcome.version)
        replayed = outcome.replayed
    }
}

extension Orders_V1_PlaceOrderRequest: WriteRequest {}
extension Orders_V1_CancelOrderRequest: ConditionalRequest {}
extension Orders_V1_UpdateOrderShippingStatusRequest: ConditionalRequest {}
extension Orders_V1_PlaceOrderResponse: WriteResponse {}
extension Orders_V1_CancelOrderResponse: WriteResponse {}
extension Orders_V1_UpdateOrderShippingStatusResponse: WriteResponse {}
