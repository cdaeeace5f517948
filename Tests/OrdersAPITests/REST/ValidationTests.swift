import HTTPTypes
import Testing

@testable import OrdersAPI

struct ValidationTests {
    let api = RESTFixture()

    /// A valid order with some members replaced or, with nil, left out.
    static func body(_ changes: [String: String?] = [:]) -> String {
        let valid = [
            "customer_id": "\"c\"", "vendor_id": "\"v\"", "product_id": "\"p\"", "quantity": "1", "total_price": "1.5",
            "payment_method": "\"m\"",
        ]
        var members = valid.mapValues { Optional($0) }
        for (name, value) in changes { members[name] = .some(value) }
        let text = members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",")
        return "{\(text)}"
    }

    @Test(arguments: ["customer_id", "vendor_id", "product_id", "payment_method"])
    func identifiersHaveOneTo255Characters(field: String) async throws {
        let long = String(repeating: "ü", count: 255)
        for good in ["\"x\"", "\"\(long)\"", #""😀 \" \u00e9\ud83d\ude00""#] {
            #expect(try await api.send(.post, "/v1/orders", Self.body([field: good])).status == 200)
        }
        for bad in [nil, "\"\"", "\"\(long)x\"", #""a\u0000b""#, "null", "7", "true", "[]", "{}"] {
            let answer = try await api.send(.post, "/v1/orders", Self.body([field: bad]))
            #expect(answer.status == 400, "\(bad ?? "absent")")
            #expect(try api.violations(answer)[field] != nil, "\(bad ?? "absent")")
            #expect(try (answer.object()["message"] as? String)?.contains(field) == true)
        }
    }

    @Test func quantityIsAPositiveWholeNumber() async throws {
        for good in ["1", "2147483647", "5.0", "1e3", "10.00E-1", "\"5\"", "\"1e2\""] {
            #expect(try await api.send(.post, "/v1/orders", Self.body(["quantity": good])).status == 200, "\(good)")
        }
        for bad in [
            nil, "0", "-1", "1.5", "2147483648", "1e400", "1e-400", "\"\"", "\" 5\"", "\"5x\"", "\"0x5\"", "null",
            "true",
            "[1]",
        ] {
            let answer = try await api.send(.post, "/v1/orders", Self.body(["quantity": bad]))
            #expect(answer.status == 400, "\(bad ?? "absent")")
            #expect(try api.violations(answer)["quantity"] != nil, "\(bad ?? "absent")")
        }
    }

    @Test func priceIsPositiveWithAtMostTwoDecimals() async throws {
        for good in ["0.01", "1", "99.99", "12.50", "1e2", "10000000000", "0.1e1", "99.9900", "\"99.99\""] {
            #expect(try await api.send(.post, "/v1/orders", Self.body(["total_price": good])).status == 200, "\(good)")
        }
        let bad = [
            nil, "0", "-0.01", "0.001", "99.999", "99.99000000000000000001", "10000000000.01", "1e400", "-1e400",
            "1e-400",
            "\"99.999\"", "\"NaN\"", "\"Infinity\"", "\"\"", "null", "false",
        ]
        for price in bad {
            let answer = try await api.send(.post, "/v1/orders", Self.body(["total_price": price]))
            #expect(answer.status == 400, "\(price ?? "absent")")
            #expect(try api.violations(answer)["total_price"] != nil, "\(price ?? "absent")")
        }
    }

    @Test func everyFieldAtFaultIsNamedAtOnce() async throws {
        let answer = try await api.send(.post, "/v1/orders", "{}")
        #expect(answer.status == 400)
        #expect(try answer.object()["code"] as? Int == 3)
        let fields: Set = ["customer_id", "vendor_id", "product_id", "quantity", "total_price", "payment_method"]
        #expect(Set(try api.violations(answer).keys) == fields)
    }

    @Test func unknownFieldsAreRefusedByName() async throws {
        let answer = try await api.send(.post, "/v1/orders", Self.body(["colour": "\"red\""]))
        #expect(answer.status == 400)
        #expect(try api.violations(answer)["colour"] != nil)
    }

    @Test(arguments: [
        "", "{", "}", "[]", "null", "\"x\"", "{\"quantity\": NaN}", "{\"quantity\": Infinity}", "{'a':1}", "{\"a\":1,}",
        "{\"a\":01}", "{\"a\":1}x", "{\"quantity\":1,\"quantity\":2}", "{\"customer_id\":\"a\",\"customerId\":\"b\"}",
        "{\"customer_id\":\"\u{1}\"}", "{\"customer_id\":\"\\ud800\"}", "{\"customer_id\":\"\\x\"}", "\u{FEFF}{}",
        String(repeating: "[", count: 30_000), String(repeating: "{\"a\":", count: 10_000),
    ])
    func brokenJSONIsRefused(body: String) async throws {
        let answer = try await api.send(.post, "/v1/orders", body)
        #expect(answer.status == 400)
        #expect(try answer.object()["code"] as? Int == 3)
    }

    @Test func oversizeBodiesAreRefused() async throws {
        let body = Self.body(["customer_id": "\"" + String(repeating: "x", count: RESTLimits.maximumBodyBytes) + "\""])
        let answer = try await api.send(.post, "/v1/orders", body)
        #expect(answer.status == 413)
        #expect(try answer.object()["code"] as? Int == 3)
    }

    @Test func onlyJSONIsTaken() async throws {
        for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
            let answer = try await api.send(.post, "/v1/orders", Self.body(), headers: [.contentType: type])
            #expect(answer.status == 415, "\(type)")
        }
        for type in ["application/json; charset=utf-8", "Application/JSON"] {
            #expect(try await api.send(.post, "/v1/orders", Self.body(), headers: [.contentType: type]).status == 200)
        }
    }

    @Test(arguments: [
        "limit=0", "limit=101", "limit=-1", "limit=ten", "limit=", "limit=4294967296", "limit=1&limit=2", "offset=-1",
        "offset=1.5", "limt=5", "%zz=1", "limit=%ff", "payment_status=PAID",
    ])
    func badListParametersAreRefused(query: String) async throws {
        let answer = try await api.send(.get, "/v1/orders?\(query)")
        #expect(answer.status == 400)
        #expect(try !api.violations(answer).isEmpty)
    }

    @Test func cancellationNeedsAReason() async throws {
        let orderID = try await api.place()
        let long = String(repeating: "x", count: 1025)
        for body in ["{}", #"{"reason":""}"#, #"{"reason":"\#(long)"}"#, #"{"reason":"\u0000"}"#, #"{"reason":1}"#] {
            let answer = try await api.send(.post, "/v1/orders/\(orderID)/cancel", body)
            #expect(answer.status == 400)
            #expect(try api.violations(answer)["reason"] != nil)
        }
        let body = #"{"reason":"\#(long.dropLast())"}"#
        #expect(try await api.send(.post, "/v1/orders/\(orderID)/cancel", body).status == 200)
        let again = try await api.send(.post, "/v1/orders/\(orderID)/cancel", body)
        #expect(again.status == 400)
        #expect(try again.object()["code"] as? Int == 9)
    }

    @Test(arguments: [
        "SHIPPING_STATUS_UNSPECIFIED", "SHIPPING_STATUS_WAITING_FOR_PAYMENT", "SHIPPING_STATUS_WAITING_FOR_SHIPMENT",
        "SHIPPING_STATUS_CANCELLED", "IN_TRANSIT", "",
    ])
    func otherShippingStatusesAreInvalid(status: String) async throws {
        let orderID = try await api.placePaid()
        let answer = try await api.send(.put, "/v1/orders/\(orderID)/shipping-status", #"{"status":"\#(status)"}"#)
        #expect(answer.status == 400)
        #expect(try answer.object()["code"] as? Int == 3)
        #expect(try api.violations(answer)["status"] != nil)
    }

    @Test func pathsThatHoldNoIdentifierAreRefused() async throws {
        for id in [String(repeating: "x", count: 256), "a%00b", "%ff", "%zz"] {
            let answer = try await api.send(.get, "/v1/orders/\(id)")
            #expect(answer.status == 400, "\(id)")
            #expect(try api.violations(answer)["order_id"] != nil)
        }
    }
}
