import EventStore
import Orders
import OrdersProto
import SwiftProtobuf

extension OrderHandlers {
    func placeOrder(
        _ request: Orders_V1_PlaceOrderRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_PlaceOrderResponse {
        let details = try OrderDetails(request)
        var unkeyed = request
        unkeyed.requestID = ""
        let options = try options(call, requestID: request.requestID, method: "PlaceOrder", unkeyed)
        let outcome = try await mapped("PlaceOrder") { () async throws(EventStoreError) in
            try await store.place(details, options: options)
        }
        changes.changed([outcome.orderID])
        return .with {
            $0.orderID = outcome.orderID
            $0.version = UInt32(clamping: outcome.version)
            $0.replayed = outcome.replayed
        }
    }

    func cancelOrder(
        _ request: Orders_V1_CancelOrderRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_CancelOrderResponse {
        try Self.validate(request)
        var unkeyed = request
        unkeyed.requestID = ""
        var options = try options(call, requestID: request.requestID, method: "CancelOrder", unkeyed)
        if request.hasExpectedVersion { options.expectedVersion = Int64(request.expectedVersion) }
        let outcome = try await execute("CancelOrder", .cancel(reason: request.reason), on: request.orderID, options)
        return .with {
            $0.orderID = outcome.orderID
            $0.version = UInt32(clamping: outcome.version)
            $0.replayed = outcome.replayed
        }
    }

    func updateOrderShippingStatus(
        _ request: Orders_V1_UpdateOrderShippingStatusRequest, _ call: CallContext
    ) async throws(APIError) -> Orders_V1_UpdateOrderShippingStatusResponse {
        let status = try Self.validate(request)
        var unkeyed = request
        unkeyed.requestID = ""
        var options = try options(call, requestID: request.requestID, method: "UpdateOrderShippingStatus", unkeyed)
        if request.hasExpectedVersion { options.expectedVersion = Int64(request.expectedVersion) }
        let outcome = try await execute(
            "UpdateOrderShippingStatus", .updateShippingStatus(status), on: request.orderID, options)
        return .with {
            $0.orderID = outcome.orderID
            $0.version = UInt32(clamping: outcome.version)
            $0.replayed = outcome.replayed
        }
    }

    static func validate(_ request: Orders_V1_CancelOrderRequest) throws(APIError) {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        validation.reason("reason", request.reason)
        validation.requestID(request.requestID)
        try validation.finish()
    }

    /// The status that the goods are to be moved to.
    @discardableResult
    static func validate(_ request: Orders_V1_UpdateOrderShippingStatusRequest) throws(APIError) -> ShippingStatus {
        var validation = RequestValidation()
        validation.identifier("order_id", request.orderID)
        let status = validation.shippingTarget("status", request.status)
        validation.requestID(request.requestID)
        try validation.finish()
        // Without a status there was a violation.
        guard let status else { throw APIError.internalError }
        return status
    }

    private func execute(
        _ method: StaticString, _ command: OrderCommand, on orderID: String, _ options: CommandOptions
    ) async throws(APIError) -> CommandOutcome {
        let outcome = try await mapped(method) { () async throws(EventStoreError) in
            try await store.execute(command, on: orderID, options: options)
        }
        // Watchers on this server need not wait for the projector's word.
        changes.changed([orderID])
        return outcome
    }

    /// - Parameter unkeyed: the request without its request_id: the same key with another body is refused.
    private func options(
        _ call: CallContext, requestID: String, method: String, _ unkeyed: some Message
    ) throws(APIError) -> CommandOptions {
        var options = CommandOptions(
            allowedVersions: call.allowedVersions?.map { Int64($0) }, deadline: call.deadline,
            traceparent: call.traceparent)
        guard !requestID.isEmpty else { return options }
        guard let body: [UInt8] = try? unkeyed.serializedBytes() else { throw APIError.internalError }
        options.idempotencyKey = IdempotencyKey(requestID, requestHash: Array(method.utf8) + [0] + body)
        return options
    }
}
