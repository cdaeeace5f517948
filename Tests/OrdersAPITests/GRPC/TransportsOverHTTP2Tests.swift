import Admin
import GRPC
import HTTP2
import HTTP2TestKit
import Logging
import Orders
import OrdersProto
import SwiftProtobuf
import Testing

@testable import OrdersAPI

/// gRPC and REST on one port, over the wire, on orders in memory.
struct TransportsOverHTTP2Tests {
    private func talk(_ body: @escaping @Sendable (RawConnection) throws -> Void) async throws {
        let store = MemoryOrderStore()
        let handlers = OrderHandlers(
            store: store, list: MemoryOrderList(store: store), changes: OrderChanges(), logger: Logger(label: "test"))
        var router = GRPCRouter()
        router.orders(handlers)
        let operations = Operations(readiness: { .ok() }, metrics: MetricsRegistry())
        let rest = RESTService(handlers: handlers, operations: operations)
        let application = GRPCApplication(
            router: router, observer: operations.requests, http: HTTP2RequestApplication(rest))
        try await withServer(application) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                try body(client)
            }
        }
    }

    private static let order = Orders_V1_PlaceOrderRequest.with {
        ($0.customerID, $0.vendorID, $0.productID, $0.paymentMethod) = ("c", "v", "p", "m")
        ($0.quantity, $0.totalPrice) = (2, 12.34)
    }

    @Test(arguments: ["orders.v1.OrderService", "events.v1.OrderService"])
    func anOrderGoesItsWay(service: String) async throws {
        try await talk { client in
            let placed: Orders_V1_PlaceOrderResponse = try client.call(1, service, "PlaceOrder", Self.order)
            #expect(placed.version == 1)
            let cancel = Orders_V1_CancelOrderRequest.with { ($0.orderID, $0.reason) = (placed.orderID, "r") }
            let cancelled: Orders_V1_CancelOrderResponse = try client.call(3, service, "CancelOrder", cancel)
            #expect(cancelled.version == 2)
            let get = Orders_V1_GetOrderRequest.with { $0.orderID = placed.orderID }
            let found: Orders_V1_GetOrderResponse = try client.call(5, service, "GetOrder", get)
            #expect(found.order.totalPrice == 12.34)
            #expect(found.order.shippingStatus == .cancelled)
            let listed: Orders_V1_ListOrdersResponse = try client.call(
                7, service, "ListOrders", Orders_V1_ListOrdersRequest())
            #expect(listed.orders.map(\.orderID) == [placed.orderID])
            let ask = Orders_V1_GetOrderHistoryRequest.with { $0.orderID = placed.orderID }
            let history: Orders_V1_GetOrderHistoryResponse = try client.call(9, service, "GetOrderHistory", ask)
            #expect(history.events.map(\.eventType) == ["order_placed", "order_cancelled"])
            #expect(history.events.first?.orderPlaced.totalPriceCents == 1234)
        }
    }

    @Test func aWatchStreamsUntilTheOrderIsOver() async throws {
        try await talk { client in
            let placed: Orders_V1_PlaceOrderResponse = try client.call(
                1, "orders.v1.OrderService", "PlaceOrder", Self.order)
            let cancel = Orders_V1_CancelOrderRequest.with { ($0.orderID, $0.reason) = (placed.orderID, "r") }
            let _: Orders_V1_CancelOrderResponse = try client.call(3, "orders.v1.OrderService", "CancelOrder", cancel)
            let watch = Orders_V1_WatchOrderRequest.with { $0.orderID = placed.orderID }
            let answer = try client.answer(5, "orders.v1.OrderService", "WatchOrder", watch)
            #expect(answer["grpc-status"] == "0")
            let events = try answer.messages.map { try Orders_V1_WatchOrderResponse(serializedBytes: $0).event }
            #expect(events.map(\.sequenceNumber) == [0, 1])
        }
    }

    @Test func aRetryIsNotHeldToTheVersionThatTheFirstCallChanged() async throws {
        try await talk { client in
            let service = "orders.v1.OrderService"
            let placed: Orders_V1_PlaceOrderResponse = try client.call(1, service, "PlaceOrder", Self.order)
            let cancel = Orders_V1_CancelOrderRequest.with {
                ($0.orderID, $0.reason, $0.expectedVersion, $0.requestID) = (placed.orderID, "r", 1, "k")
            }
            let first: Orders_V1_CancelOrderResponse = try client.call(3, service, "CancelOrder", cancel)
            let again: Orders_V1_CancelOrderResponse = try client.call(5, service, "CancelOrder", cancel)
            #expect(!first.replayed && again.replayed)
            #expect((first.version, again.version) == (2, 2))
        }
    }

    @Test func errorsHaveStatusTextAndDetails() async throws {
        try await talk { client in
            let answer = try client.answer(1, "orders.v1.OrderService", "PlaceOrder", Orders_V1_PlaceOrderRequest())
            #expect(answer["grpc-status"] == "3")
            #expect(answer["grpc-message"]?.contains("customer_id: must have 1 to 255 characters") == true)
            #expect(answer["grpc-status-details-bin"] != nil)
            let missing = Orders_V1_GetOrderRequest.with { $0.orderID = "nobody" }
            #expect(try client.answer(3, "orders.v1.OrderService", "GetOrder", missing)["grpc-status"] == "5")
            #expect(try client.answer(5, "orders.v1.OrderService", "WatchOrder", missing)["grpc-status"] == "5")
        }
    }

    @Test func everyCallIsCountedByMethodAndStatus() async throws {
        try await talk { client in
            for stream in [1, 3] as [UInt32] {
                let _: Orders_V1_PlaceOrderResponse = try client.call(
                    stream, "orders.v1.OrderService", "PlaceOrder", Self.order)
            }
            _ = try client.answer(5, "orders.v1.OrderService", "PlaceOrder", Orders_V1_PlaceOrderRequest())
            _ = try client.answer(7, "orders.v1.OrderService", "NoSuchMethod", Orders_V1_PlaceOrderRequest())
            client.headers(9, HeaderEncoder.get("/metrics"), end: true)
            let metrics = String(decoding: try client.response(9).body, as: UTF8.self)
            for line in [
                #"orders_requests_total{face="grpc",method="orders.v1.OrderService/PlaceOrder",status="0"} 2"#,
                #"orders_requests_total{face="grpc",method="orders.v1.OrderService/PlaceOrder",status="3"} 1"#,
                #"orders_requests_total{face="grpc",method="unknown",status="12"} 1"#,
                #"orders_request_seconds_count{face="grpc"} 4"#,
            ] { #expect(metrics.contains(line + "\n")) }
        }
    }

    @Test func restAnswersOnTheSamePort() async throws {
        try await talk { client in
            let fields = [(":scheme", "http"), (":authority", "test"), ("content-type", "application/json")]
            client.headers(1, [(":method", "POST"), (":path", "/v1/orders")] + fields)
            client.data(1, Array(RESTFixture.placeBody.utf8), end: true)
            let placed = try client.response(1)
            #expect(placed.status == "200")
            #expect(placed["etag"] == "\"1\"")
            #expect(placed["date"]?.hasSuffix(" GMT") == true)
            client.headers(3, [(":method", "GET"), (":path", "/v1/orders?limit=5")] + fields, end: true)
            let listed = try client.response(3)
            #expect(String(decoding: listed.body, as: UTF8.self).contains("PAYMENT_STATUS_PENDING"))
            client.headers(5, [(":method", "DELETE"), (":path", "/v1/orders")] + fields, end: true)
            let refused = try client.response(5)
            #expect(refused.status == "405")
            #expect(refused["allow"] == "GET, HEAD, POST")
        }
    }

    /// A request that the connection refuses before a handler sees it gets the JSON of every other error.
    @Test func refusalsOfTheConnectionAreJSON() async throws {
        try await talk { client in
            let fields = [(":method", "POST"), (":path", "/v1/orders"), (":scheme", "http"), (":authority", "test")]
            client.headers(1, fields + [("content-type", "application/json"), ("content-length", "2000000")])
            let tooLarge = try client.response(1)
            #expect(tooLarge.status == "413")
            #expect(String(decoding: tooLarge.body, as: UTF8.self).contains(#""field":"body""#))
            // Each field counts 32 bytes more than it has: the list is too long, the frame is not.
            client.headers(3, fields + (0..<200).map { ("x\($0)", String(repeating: "y", count: 50)) })
            let longHeaders = try client.response(3)
            #expect(longHeaders.status == "431")
            #expect(longHeaders["content-type"] == "application/json")
            #expect(String(decoding: longHeaders.body, as: UTF8.self).contains(#""field":"headers""#))
        }
    }
}

extension RawConnection {
    fileprivate func answer(_ stream: UInt32, _ service: String, _ method: String, _ message: some Message) throws
        -> RawResponse
    {
        headers(stream, HeaderEncoder.call("/\(service)/\(method)"))
        let bytes: [UInt8] = try message.serializedBytes()
        data(stream, [0] + big(UInt32(bytes.count)) + bytes, end: true)
        return try response(stream)
    }

    fileprivate func call<Response: Message>(
        _ stream: UInt32, _ service: String, _ method: String, _ message: some Message
    ) throws -> Response {
        let answer = try answer(stream, service, method, message)
        #expect(answer["grpc-status"] == "0")
        return try Response(serializedBytes: try #require(answer.messages.first))
    }
}

extension RawResponse {
    /// The messages of the body, their prefixes cut off.
    fileprivate var messages: [[UInt8]] {
        var messages: [[UInt8]] = []
        var rest = body[...]
        while rest.count >= 5 {
            let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            messages.append(Array(rest.dropFirst(5).prefix(length)))
            rest = rest.dropFirst(5 + length)
        }
        return messages
    }
}
