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

    @Test(arguments: [
        "page_token=x", "page_size=-1", "page_size=3&limit=0", "at_least=x", "at_least=x@0", "at_least=@1", "at_least=",
    ])
    func badPagesAreRefused(query: String) async throws {
        #expect(try await api.send(.get, "/v1/orders?\(query)").status == 400)
    }

    @Test func limitAndOffsetNarrowAPage() async throws {
        var placed: [String] = []
        for _ in 0..<5 { placed.append(try await api.place()) }
        placed.reverse()
        let first = try await page("page_size=2")
        let token = try #require(first.next)
        #expect(try await page("page_token=\(token)&page_size=2&offset=1").orders == Array(placed[3...]))
        #expect(try await page("page_token=\(token)&page_size=2&limit=1").orders == [placed[2]])
    }

    @Test func aVersionNobodyWroteIsNotWaitedFor() async throws {
        let orderID = try await api.place()
        #expect(try await api.send(.get, "/v1/orders?at_least=\(orderID)@1").status == 200)
        #expect(try await api.send(.get, "/v1/orders?atLeast=\(orderID)@2").status == 409)
        #expect(try await api.send(.get, "/v1/orders?at_least=no@body@1").status == 404)
    }
}
