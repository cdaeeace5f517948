public import EventStore
public import GRPC
import OrdersProto
import SwiftProtobuf

extension GRPCRouter {
    /// The name in `proto/orders/v1/order_service.proto`.
    static let orderService = "orders.v1.OrderService"
    /// The name that clients of the reference use.
    static let referenceOrderService = "events.v1.OrderService"

    /// Registers the service's methods under both names.
    mutating func orders(_ handlers: OrderHandlers) {
        unary(Self.orderService, "PlaceOrder") { (request: Orders_V1_PlaceOrderRequest, context, reply) in
            handlers.answer(try handlers.placingOrder(request, CallContext(context)), reply)
        }
        unary(Self.orderService, "GetOrder") { (request: Orders_V1_GetOrderRequest, _, reply) in
            handlers.answer(try handlers.gettingOrder(request), reply)
        }
        unary(Self.orderService, "ListOrders") { (request: Orders_V1_ListOrdersRequest, context) in
            try await handlers.listOrders(request, CallContext(context))
        }
        unary(Self.orderService, "CancelOrder") { (request: Orders_V1_CancelOrderRequest, context, reply) in
            handlers.answer(try handlers.cancellingOrder(request, CallContext(context)), reply)
        }
        unary(Self.orderService, "UpdateOrderShippingStatus") {
            (request: Orders_V1_UpdateOrderShippingStatusRequest, context, reply) in
            handlers.answer(try handlers.updatingOrderShippingStatus(request, CallContext(context)), reply)
        }
        unary(Self.orderService, "GetOrderHistory") { (request: Orders_V1_GetOrderHistoryRequest, context) in
            try await handlers.getOrderHistory(request, CallContext(context))
        }
        serverStreaming(Self.orderService, "WatchOrder") {
            (request: Orders_V1_WatchOrderRequest, writer: GRPCResponseWriter<Orders_V1_WatchOrderResponse>, _) in
            try await handlers.watchOrder(request) { item in
                if case .event(let event) = item { try await writer.write(.with { $0.event = event }) }
            }
        }
        alias(Self.referenceOrderService, for: Self.orderService)
    }
}

extension OrderHandlers {
    /// Sends the response when the event store has answered, without a task.
    fileprivate func answer<Value, Response>(
        _ pending: PendingResponse<Value, Response>, _ reply: GRPCReply<Response>
    ) {
        pending.reply.whenAnswered { outcome in
            reply.send { try self.response(pending, outcome) }
        }
        reply.whenCancelled(cancel: pending.reply)
    }
}

/// A call that ends early leaves the event store's queue.
extension Reply: GRPCCancellable {}

extension CallContext {
    /// The deadline and the trace context of a gRPC call.
    init(_ context: GRPCContext) {
        self.init(deadline: context.deadline, traceparent: context.metadata("traceparent"))
    }
}

/// The only place that turns an error into a gRPC status. The details go into `grpc-status-details-bin`.
extension APIError: GRPCErrorConvertible {
    var grpcError: GRPCError {
        var details: [GRPCErrorDetail] = [.errorInfo(reason: reason, domain: Self.domain, metadata: metadata)]
        if !violations.isEmpty {
            details.append(.badRequest(violations.map { .init(field: $0.field, description: $0.problem) }))
        }
        if let retryAfter { details.append(.retryInfo(after: retryAfter)) }
        return GRPCError(GRPCStatusCode(rawValue: code.rawValue) ?? .unknown, message, details: details)
    }
}
