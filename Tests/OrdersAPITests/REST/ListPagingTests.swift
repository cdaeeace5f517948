import Foundation
import HTTPTypes
import Testing

@testable import OrdersAPI

struct ListPagingTests {
    let api = RESTFixture()

    private func page(_ query: String) async throws -> (orders: [String], next: String?) {
        let object = try await api.send(.get, "/v1/orders?\(query)").object()
        let orders = try #require(object["orders"] as? [[String: Any]])
        return (orders.compactMap { $0["order_id"] as? String }, object["next_page_token"] as? String)
    }

    @Test func tokensLeadThroughTheWholeList() async throws {
        var placed: [String] = []
        for _ in 0..<7 { placed.append(try await api.place()) }
        placed.reverse()
        var seen: [String] = []
        var token: String? = ""
        var pages = 0
        while let current = token {
            let (orders, next) = try await page("page_size=3&page_token=\(current)")
            seen += orders
            token = next
            pages += 1
        }
        #expect(seen == placed)
        #expect(pages == 3)
    }

    @Test func sizesFollowTheGuideline() async throws {
        for _ in 0..<12 { _ = try await api.place() }
        #expect(try await page("page_size=0").orders.count == 10)
        #expect(try await page("page_size=5000").orders.count == 12)
        #expect(try await page("page_size=12").next == nil)
    }

    @Test(arguments: ["page_size=3&limit=3", "page_size=3&offset=0", "page_token=x", "page_size=-1"])
    func badPagesAreRefused(query: String) async throws {
        #expect(try await api.send(.get, "/v1/orders?\(query)").status == 400)
    }

    @Test func aTokenBelongsToItsFilters() async throws {
        for _ in 0..<3 { _ = try await api.place() }
        let token = try #require(try await page("page_size=1").next)
        let answer = try await api.send(.get, "/v1/orders?page_size=1&page_token=\(token)&customer_id=x")
        #expect(answer.status == 400)
        #expect(try api.violations(answer)["page_token"] != nil)
    }

    @Test func aVersionNobodyWroteIsNotWaitedFor() async throws {
        let orderID = try await api.place()
        #expect(try await api.send(.get, "/v1/orders?at_least.order_id=\(orderID)&at_least.version=1").status == 200)
        let answer = try await api.send(.get, "/v1/orders?at_least.order_id=\(orderID)&at_least.version=2")
        #expect(answer.status == 409)
        #expect(try await api.send(.get, "/v1/orders?atLeast.orderId=nobody&atLeast.version=1").status == 404)
        #expect(try await api.send(.get, "/v1/orders?at_least.version=1").status == 400)
        #expect(try await api.send(.get, "/v1/orders?at_least.order_id=x").status == 400)
    }
}
