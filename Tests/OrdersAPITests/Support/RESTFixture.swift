import Admin
import EventStore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Orders
import Testing

@testable import OrdersAPI

/// REST over Hummingbird's router, on orders in memory.
struct RESTFixture {
    let store = MemoryOrderStore()
    let changes = OrderChanges()
    let application: Application<HummingbirdResponder>

    init(readiness: Health = .ok(), corsAllowedOrigins: [String] = []) {
        let handlers = OrderHandlers(
            store: store, list: MemoryOrderList(store: store), changes: changes, logger: Logger(label: "test"))
        let operations = Operations(readiness: { readiness }, metrics: MetricsRegistry())
        let service = RESTService(
            handlers: handlers, operations: operations, cors: CORS(allowedOrigins: corsAllowedOrigins))
        application = Application(responder: HummingbirdResponder(service: service))
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
        let sent = headers
        return try await application.test(.live) { client in
            let response = try await client.execute(
                uri: target, method: method, headers: sent, body: body.map { ByteBuffer(string: $0) })
            return Answer(
                status: response.status.code, headers: response.headers, text: String(buffer: response.body))
        }
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
