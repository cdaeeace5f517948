import Admin
import EventStore
import HTTPTypes
import Testing

@testable import OrdersAPI

struct RoutingTests {
    let api = RESTFixture()

    @Test(arguments: [
        "/", "/v1", "/v1/orders/", "/v2/orders", "/v1/orders/x/refund", "/v1/orders/x/cancel/y", "/v1/orders//cancel",
    ])
    func unknownPathsAreJSONErrors(path: String) async throws {
        let answer = try await api.send(.get, path)
        #expect(answer.status == 404)
        #expect(try answer.object()["code"] as? Int == 5)
    }

    @Test func wrongMethodsNameTheRightOnes() async throws {
        let answer = try await api.send(.delete, "/v1/orders")
        #expect(answer.status == 405)
        #expect(answer.headers[.allow] == "GET, HEAD, POST")
        #expect(try answer.object()["code"] as? Int == 12)
        #expect(try await api.send(.get, "/v1/orders/x/cancel").headers[.allow] == "POST")
        #expect(try await api.send(.post, "/v1/orders/x/shipping-status").headers[.allow] == "PUT")
    }

    @Test func theWholeURLIsATarget() async throws {
        let orderID = try await api.place()
        #expect(try await api.send(.get, "http://localhost:8080/v1/orders/\(orderID)?min_version=1").status == 200)
    }

    @Test func headAnswersLikeGetWithoutABody() async throws {
        let answer = try await api.send(.head, "/v1/orders")
        #expect(answer.status == 200)
        #expect(answer.headers[.contentLength] == "13")
        #expect(answer.text == "")
    }

    @Test func probesSayHowItIs() async throws {
        #expect(try await api.send(.get, "/livez").status == 200)
        #expect(try await api.send(.get, "/readyz").status == 200)
        let unready = RESTFixture(readiness: .failing("Postgres is away"))
        let answer = try await unready.send(.get, "/readyz")
        #expect(answer.status == 503)
        #expect(answer.text == "Postgres is away\n")
        let metrics = try await api.send(.get, "/metrics")
        #expect(metrics.status == 200)
        #expect(metrics.text.contains(#"orders_requests_total{face="rest",method="GET /readyz",status="200"} 1"#))
        #expect(metrics.text.contains("orders_watchers 0"))
    }

    @Test(arguments: [
        (EventStoreError.unavailable("x"), 503, 14), (.overloaded(retryAfter: .milliseconds(1500)), 429, 8),
        (.contention(attempts: 8), 409, 10), (.inFlight, 409, 10), (.idempotencyMismatch, 422, 3),
        (.conflict(expected: 1, actual: 2), 409, 10), (.outcomeUnknown("x"), 500, 2), (.internal("secret"), 500, 13),
        (.deadlineExceeded, 504, 4), (.cancelled, 499, 1), (.notFound(orderID: "x"), 404, 5),
    ])
    func storeErrorsHaveTheirStatus(error: EventStoreError, status: Int, code: Int) async throws {
        api.store.fail(error)
        let answer = try await api.send(.post, "/v1/orders", RESTFixture.placeBody)
        #expect(answer.status == status)
        #expect(try answer.object()["code"] as? Int == code)
        #expect(!answer.text.contains("secret"))
        if case .overloaded = error { #expect(answer.headers[.retryAfter] == "2") }
    }
}
