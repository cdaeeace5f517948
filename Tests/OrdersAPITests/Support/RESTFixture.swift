import Admin
import EventStore
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import Orders
import Testing

@testable import OrdersAPI

/// REST over HTTP/1.1 on a real connection, on orders in memory. The client is that of Hummingbird's tests.
struct RESTFixture {
    let store = MemoryOrderStore()
    let changes = OrderChanges()
    let service: RESTService

    init(readiness: Health = .ok(), corsAllowedOrigins: [String] = []) {
        let handlers = OrderHandlers(
            store: store, list: MemoryOrderList(store: store), changes: changes, logger: Logger(label: "test"))
        let operations = Operations(readiness: { readiness }, metrics: MetricsRegistry())
        service = RESTService(
            handlers: handlers, operations: operations, cors: CORS(allowedOrigins: corsAllowedOrigins))
    }

    struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String

        /// The body as Foundation parses it, an independent check that it is JSON.
        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }
    }

    static let placeBody = """
        {
          "customer_id": "big-name",
          "product_id": "big-product",
          "vendor_id": "big-vendor",
          "quantity": 5,
          "total_price": 99.99,
          "payment_method": "CREDIT_CARD"
        }
        """

    func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: String? = nil, headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        headers[.connection] = "keep-alive"
        let transport = HTTPTransport(
            endpoint: ServerConfiguration.Endpoint(host: "localhost", port: 0, portVariable: "HTTP_PORT"),
            service: service, logger: Logger(label: "test"))
        let port = try await transport.start()?.port ?? 0
        let request = TestClient.Request(
            target, method: method, authority: "localhost", headers: headers, body: body.map { ByteBuffer(string: $0) })
        let response = try await TestClient.withClient(host: "localhost", port: port) { client in
            return try await client.execute(request)
        }
        await transport.stop()
        return Answer(
            status: response.status.code, headers: response.headers,
            text: response.body.map { String(buffer: $0) } ?? "")
    }

    func place() async throws -> String {
        let answer = try await send(.post, "/v1/orders", Self.placeBody)
        return try #require(try answer.object()["order_id"] as? String)
    }

    func placePaid() async throws -> String {
        let orderID = try await place()
        _ = try await store.executing(.initiatePayment, on: orderID, options: .init()).await().get()
        _ = try await store.executing(.recordPayment, on: orderID, options: .init()).await().get()
        return orderID
    }

    /// The `field_violations` of an error, by field.
    func violations(_ answer: Answer) throws -> [String: String] {
        let details = try #require(try answer.object()["details"] as? [[String: Any]])
        let badRequest = details.first { ($0["@type"] as? String)?.hasSuffix("BadRequest") == true }
        let violations = badRequest?["field_violations"] as? [[String: String]] ?? []
        return Dictionary(
            violations.map { ($0["field"] ?? "", $0["description"] ?? "") }, uniquingKeysWith: { $0 + $1 })
    }
}

// The literals are valid names.
extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
    static let traceparent = HTTPField.Name("traceparent")!
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
