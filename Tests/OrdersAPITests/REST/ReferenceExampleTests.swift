import Foundation
import HTTPTypes
import Testing

@testable import OrdersAPI

/// Each curl example that clients of the reference know, and the shape it gets back.
struct ReferenceExampleTests {
    let api = RESTFixture()

    @Test func placeAnswersTheNewOrdersIdentifierAndNothingElse() async throws {
        let answer = try await api.send(.post, "/v1/orders", RESTFixture.placeBody)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.headers[.eTag] == "\"1\"")
        let object = try answer.object()
        #expect(Set(object.keys) == ["order_id"])
        let orderID = try #require(object["order_id"] as? String)
        #expect(orderID.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }

    @Test func getShowsEveryFieldOfAPaidOrder() async throws {
        let orderID = try await api.placePaid()
        let answer = try await api.send(.get, "/v1/orders/\(orderID)")
        #expect(answer.status == 200)
        #expect(answer.headers[.eTag] == "\"3\"")
        let expected = """
            {"order":{"order_id":"\(orderID)","customer_id":"big-name","vendor_id":"big-vendor",\
            "product_id":"big-product",\
            "quantity":5,"total_price":99.99,"payment_method":"CREDIT_CARD","payment_status":"PAYMENT_STATUS_PAID",\
            "shipping_status":"SHIPPING_STATUS_WAITING_FOR_SHIPMENT","version":3,\
            "created_at":"2024-01-01T10:00:00Z","updated_at":"2024-01-01T10:10:00Z"}}
            """
        #expect(answer.text == expected)
    }

    @Test func anUnknownOrderIsNotFoundWhateverItsIdentifier() async throws {
        for id in [
            "018f1234-5678-9abc-def0-123456789abc", "x", "a%20b%2Fc", String(repeating: "%C3%BC", count: 255),
            "%F0%9F%98%80",
        ] {
            let answer = try await api.send(.get, "/v1/orders/\(id)")
            #expect(answer.status == 404)
            let object = try answer.object()
            #expect(object["code"] as? Int == 5)
            #expect((object["message"] as? String)?.hasPrefix("order_id") == true)
        }
    }

    @Test func listShowsTheNewestFirst() async throws {
        let first = try await api.place()
        let second = try await api.placePaid()
        let answer = try await api.send(.get, "/v1/orders?limit=10&offset=0")
        #expect(answer.status == 200)
        let orders = try #require(try answer.object()["orders"] as? [[String: Any]])
        #expect(orders.map { $0["order_id"] as? String } == [second, first])
        let fields: Set = [
            "order_id", "customer_id", "vendor_id", "payment_status", "shipping_status", "version", "created_at",
            "updated_at",
        ]
        #expect(Set(orders[0].keys) == fields)
        #expect(orders[0]["version"] as? Int == 3)
        #expect(orders[0]["payment_status"] as? String == "PAYMENT_STATUS_PAID")
        #expect(orders[1]["shipping_status"] as? String == "SHIPPING_STATUS_WAITING_FOR_PAYMENT")
    }

    @Test func anEmptyListIsPrinted() async throws {
        #expect(try await api.send(.get, "/v1/orders").text == #"{"orders":[]}"#)
    }

    @Test func listPagesByLimitAndOffset() async throws {
        var placed: [String] = []
        for _ in 0..<12 { placed.append(try await api.place()) }
        placed.reverse()
        func page(_ query: String) async throws -> [String] {
            let orders = try await api.send(.get, "/v1/orders\(query)").object()["orders"] as? [[String: Any]]
            return orders?.compactMap { $0["order_id"] as? String } ?? []
        }
        #expect(try await page("") == Array(placed[..<10]))
        #expect(try await page("?limit=3") == Array(placed[..<3]))
        #expect(try await page("?limit=5&offset=10") == Array(placed[10...]))
        #expect(try await page("?offset=100") == [])
    }

    @Test func cancelAnswersTheOrdersIdentifier() async throws {
        let orderID = try await api.place()
        let body = #"{"reason": "Customer requested cancellation"}"#
        let answer = try await api.send(.post, "/v1/orders/\(orderID)/cancel", body)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"order_id":"\#(orderID)"}"#)
        let order = try #require(try await api.send(.get, "/v1/orders/\(orderID)").object()["order"] as? [String: Any])
        #expect(order["shipping_status"] as? String == "SHIPPING_STATUS_CANCELLED")
        #expect(order["cancellation_reason"] as? String == "Customer requested cancellation")
    }

    @Test func shippingAnswersTheOrdersIdentifier() async throws {
        let orderID = try await api.placePaid()
        let body = #"{"status": "SHIPPING_STATUS_IN_TRANSIT"}"#
        let answer = try await api.send(.put, "/v1/orders/\(orderID)/shipping-status", body)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"order_id":"\#(orderID)"}"#)
    }

    @Test func shippingAnUnpaidOrderIsAFailedPrecondition() async throws {
        let orderID = try await api.place()
        let answer = try await api.send(
            .put, "/v1/orders/\(orderID)/shipping-status", #"{"status": "SHIPPING_STATUS_IN_TRANSIT"}"#)
        #expect(answer.status == 400)
        #expect(try answer.object()["code"] as? Int == 9)
        #expect(answer.text.contains("ORDER_NOT_PAID"))
    }

    @Test func bothSpellingsAreUnderstood() async throws {
        let body = """
            {"customerId":"c","productId":"p","vendorId":"v","quantity":1e0,"totalPrice":12.50,"paymentMethod":"m"}
            """
        let orderID = try #require(try await api.send(.post, "/v1/orders", body).object()["order_id"] as? String)
        let text = try await api.send(.get, "/v1/orders/\(orderID)").text
        #expect(text.contains(#""quantity":1,"total_price":12.5,"#))
    }
}
