import HTTPTypes
import Testing

@testable import OrdersAPI

struct CORSTests {
    private let page: HTTPFields = [.origin: "https://shop.example"]
    private let question: HTTPFields = [.origin: "https://shop.example", .accessControlRequestMethod: "POST"]

    @Test func isOffUnlessAsked() async throws {
        let api = RESTFixture()
        let answer = try await api.send(.get, "/v1/orders", headers: page)
        #expect(answer.headers[.accessControlAllowOrigin] == nil)
        #expect(answer.headers[.vary] == nil)
        #expect(try await api.send(.options, "/v1/orders", headers: question).status == 405)
    }

    @Test func anAllowedPageMayReadAndWrite() async throws {
        let api = RESTFixture(corsAllowedOrigins: ["https://shop.example"])
        let answer = try await api.send(.get, "/v1/orders", headers: page)
        #expect(answer.headers[.accessControlAllowOrigin] == "https://shop.example")
        #expect(answer.headers[.vary] == "Origin")
        let preflight = try await api.send(.options, "/v1/orders", headers: question)
        #expect(preflight.status == 204)
        #expect(preflight.headers[.accessControlAllowMethods]?.contains("POST") == true)
        #expect(preflight.headers[.accessControlAllowHeaders]?.contains("idempotency-key") == true)
    }

    @Test func anotherPageMayNot() async throws {
        let api = RESTFixture(corsAllowedOrigins: ["https://other.example"])
        #expect(try await api.send(.get, "/v1/orders", headers: page).headers[.accessControlAllowOrigin] == nil)
        #expect(try await api.send(.options, "/v1/orders", headers: question).status == 405)
    }
}
