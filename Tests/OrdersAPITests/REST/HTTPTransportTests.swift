import Admin
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

@testable import OrdersAPI

/// REST over HTTP/1.1 on a real connection.
struct HTTPTransportTests {
    private func send(_ headers: HTTPFields, _ method: HTTPRequest.Method = .get) async throws -> RESTFixture.Answer {
        let store = MemoryOrderStore()
        let handlers = OrderHandlers(
            store: store, list: MemoryOrderList(store: store), changes: OrderChanges(), logger: Logger(label: "test"))
        let service = RESTService(
            handlers: handlers, operations: Operations(readiness: { .ok() }, metrics: MetricsRegistry()))
        let transport = HTTPTransport(
            endpoint: ServerConfiguration.Endpoint(host: "localhost", port: 0, portVariable: "HTTP_PORT"),
            service: service,
            logger: Logger(label: "test"))
        return try await transport.application.test(.live) { client in
            let response = try await client.execute(uri: "/livez", method: method, headers: headers)
            return RESTFixture.Answer(
                status: response.status.code, headers: response.headers, text: String(buffer: response.body))
        }
    }

    private func expectRefusal(_ answer: RESTFixture.Answer, _ status: Int, _ message: String) throws {
        #expect(answer.status == status)
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.headers[.connection] == "close")
        #expect(answer.headers[.date] != nil)
        let error = try answer.object()
        #expect(error["code"] as? Int == 3)
        #expect(error["message"] as? String == message)
    }

    private let padding = HTTPField.Name("X-Padding")!

    @Test func aLongHeaderIsRefusedInWords() async throws {
        let value = String(repeating: "a", count: RESTLimits.maximumHeaderBytes)
        try expectRefusal(try await send([padding: value]), 431, "headers: have more than 32768 bytes or 500 fields")
    }

    @Test func manyHeadersAreRefusedInWords() async throws {
        let fields = HTTPFields((0...RESTLimits.maximumHeaderFields).map { HTTPField(name: padding, value: "\($0)") })
        try expectRefusal(try await send(fields), 431, "headers: have more than 32768 bytes or 500 fields")
    }

    @Test func whatIsNoHTTPIsRefusedInWords() async throws {
        try expectRefusal(
            try await send([:], HTTPRequest.Method("LOOK")!), 400, "request: is not HTTP/1.1: invalid HTTP method")
    }

    @Test func whatFitsIsServed() async throws {
        let value = String(repeating: "a", count: RESTLimits.maximumHeaderBytes - 1024)
        let answer = try await send([padding: value])
        #expect(answer.status == 200)
        #expect(answer.text == "ok\n")
    }
}
