import Foundation
import HTTPTypes
import Testing

@testable import OrdersAPI

struct ConditionalWriteTests {
    let api = RESTFixture()
    let cancel = #"{"reason":"r"}"#

    @Test func aStaleIfMatchIs412AndNamesBothVersions() async throws {
        let orderID = try await api.placePaid()
        let answer = try await api.send(.post, "/v1/orders/\(orderID)/cancel", cancel, headers: [.ifMatch: "\"1\""])
        #expect(answer.status == 412)
        #expect(try answer.object()["code"] as? Int == 10)
        #expect(answer.text.contains(#""actual_version":"3","expected_version":"1""#))
        let fresh = try await api.send(.post, "/v1/orders/\(orderID)/cancel", cancel, headers: [.ifMatch: "\"3\""])
        #expect(fresh.status == 200)
        #expect(fresh.headers[.eTag] == "\"4\"")
    }

    @Test func aStaleExpectedVersionIs409() async throws {
        let orderID = try await api.placePaid()
        let body = #"{"status":"SHIPPING_STATUS_IN_TRANSIT","expected_version":2}"#
        let answer = try await api.send(.put, "/v1/orders/\(orderID)/shipping-status", body)
        #expect(answer.status == 409)
        #expect(try answer.object()["code"] as? Int == 10)
    }

    @Test func entityTagsThatAreNoVersionMatchNothing() async throws {
        let orderID = try await api.place()
        for tag in ["\"abc\"", "W/\"1\"", "\"\"", "\"99999999999\"", "\"2\", \"3\"", "\"1", "", "\"*\"", "*, \"7\""] {
            let answer = try await api.send(.post, "/v1/orders/\(orderID)/cancel", cancel, headers: [.ifMatch: tag])
            #expect(answer.status == 412, "\(tag)")
        }
        let invalid = try await api.send(.post, "/v1/orders/\(orderID)/cancel", "{}", headers: [.ifMatch: "\"abc\""])
        #expect(invalid.status == 400)
        let unknown = try await api.send(.post, "/v1/orders/nobody/cancel", cancel, headers: [.ifMatch: "\"abc\""])
        #expect(unknown.status == 404)
    }

    @Test(arguments: ["\"2\" , \"1\"", "1", "*"])
    func severalVersionsMayBeNamed(tags: String) async throws {
        let orderID = try await api.place()
        let answer = try await api.send(.post, "/v1/orders/\(orderID)/cancel", cancel, headers: [.ifMatch: tags])
        #expect(answer.status == 200)
    }

    /// Both must hold; the error names the condition that does not.
    @Test func theBodysVersionCountsBesideIfMatch() async throws {
        let orderID = try await api.place()
        let path = "/v1/orders/\(orderID)/cancel"
        let stale = #"{"reason":"r","expected_version":5}"#
        for (tags, status, field) in [
            ("*", 409, "expected_version"), ("\"1\"", 409, "expected_version"),
            ("\"1\", \"2\"", 409, "expected_version"),
            ("\"5\"", 412, "If-Match"), ("\"6\"", 412, "If-Match"), ("\"5\", \"6\"", 412, "If-Match"),
            ("W/\"1\"", 412, "If-Match"),
        ] {
            let answer = try await api.send(.post, path, stale, headers: [.ifMatch: tags])
            #expect(answer.status == status, "\(tags): \(answer.text)")
            #expect(
                try (answer.object()["message"] as? String)?.hasPrefix("\(field): ") == true, "\(tags): \(answer.text)")
        }
        let fresh = try await api.send(
            .post, path, #"{"reason":"r","expected_version":1}"#, headers: [.ifMatch: "\"1\", \"2\""])
        #expect(fresh.status == 200)
    }

    @Test func theSameKeyAndBodyGetTheFirstAnswer() async throws {
        let headers: HTTPFields = [.idempotencyKey: "\"k-1\""]
        let first = try await api.send(.post, "/v1/orders", RESTFixture.placeBody, headers: headers)
        #expect(first.headers[.idempotencyReplayed] == nil)
        let again = try await api.send(.post, "/v1/orders", RESTFixture.placeBody, headers: [.idempotencyKey: "k-1"])
        #expect(again.status == 200)
        #expect(again.text == first.text)
        #expect(again.headers[.eTag] == first.headers[.eTag])
        #expect(again.headers[.idempotencyReplayed] == "true")
    }

    /// The key is looked up before If-Match is checked, because the first request itself changed the version.
    @Test(arguments: ["\"3\"", "\"3\", \"9\"", "\"2\", \"3\"", "*"])
    func aRetryGetsTheFirstAnswerThoughTheOrderMovedOn(tags: String) async throws {
        let orderID = try await api.placePaid()
        let moves: [(HTTPRequest.Method, String, String)] = [
            (.put, "shipping-status", #"{"status":"SHIPPING_STATUS_IN_TRANSIT"}"#), (.post, "cancel", cancel),
        ]
        for (number, (method, path, body)) in moves.enumerated() {
            let target = "/v1/orders/\(orderID)/\(path)"
            let headers: HTTPFields = [
                .idempotencyKey: "k-\(number)", .ifMatch: number == 0 ? tags : tags.replacing("3", with: "4"),
            ]
            let first = try await api.send(method, target, body, headers: headers)
            #expect(first.status == 200, "\(first.text)")
            let again = try await api.send(method, target, body, headers: headers)
            #expect(again.status == 200, "\(again.text)")
            #expect(again.text == first.text)
            #expect(again.headers[.eTag] == first.headers[.eTag])
            #expect(again.headers[.idempotencyReplayed] == "true")
        }
        #expect(try await api.send(.get, "/v1/orders/\(orderID)").headers[.eTag] == "\"5\"")
    }

    /// If-Match is not part of the request that the key stands for: a retry may have a newer version.
    @Test func aRetryMayDemandAnotherVersion() async throws {
        let orderID = try await api.place()
        let path = "/v1/orders/\(orderID)/cancel"
        let stale = try await api.send(.post, path, cancel, headers: [.idempotencyKey: "k", .ifMatch: "\"7\""])
        #expect(stale.status == 412)
        let first = try await api.send(.post, path, cancel, headers: [.idempotencyKey: "k", .ifMatch: "\"1\""])
        #expect(first.status == 200)
        let again = try await api.send(.post, path, cancel, headers: [.idempotencyKey: "k", .ifMatch: "\"2\""])
        #expect(again.headers[.idempotencyReplayed] == "true")
        #expect(again.headers[.eTag] == "\"2\"")
    }

    @Test func theSameKeyAndAnotherBodyIs422() async throws {
        let headers: HTTPFields = [.idempotencyKey: "k-2"]
        _ = try await api.send(.post, "/v1/orders", RESTFixture.placeBody, headers: headers)
        let body = ValidationTests.body()
        let answer = try await api.send(.post, "/v1/orders", body, headers: headers)
        #expect(answer.status == 422)
        #expect(try answer.object()["code"] as? Int == 3)
        #expect(try api.violations(answer)["Idempotency-Key"] != nil)
    }

    @Test func keysHaveOneTo255Characters() async throws {
        for key in ["", "\"\"", "a\"b", "a b", String(repeating: "k", count: 256)] {
            let answer = try await api.send(.post, "/v1/orders", RESTFixture.placeBody, headers: [.idempotencyKey: key])
            #expect(answer.status == 400)
            #expect(try api.violations(answer)["Idempotency-Key"] != nil)
        }
    }

    @Test func aMinimumVersionIsInsistedOn() async throws {
        let orderID = try await api.place()
        #expect(try await api.send(.get, "/v1/orders/\(orderID)?min_version=1").status == 200)
        let answer = try await api.send(.get, "/v1/orders/\(orderID)?minVersion=2")
        #expect(answer.status == 409)
        #expect(try answer.object()["code"] as? Int == 10)
    }
}
