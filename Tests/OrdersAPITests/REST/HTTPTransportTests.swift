import Foundation
import HTTPTypes
import Testing

@testable import OrdersAPI

/// The HTTP of the REST port in the words of the API: `HTTP1Tests` has the protocol itself.
struct HTTPTransportTests {
    private let api = RESTFixture()

    private func expectRefusal(_ answer: RESTFixture.Answer, _ status: Int, _ message: String) async throws {
        #expect(answer.status == status)
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.headers[.connection] == "close")
        #expect(answer.headers[.date] != nil)
        let error = try answer.object()
        #expect(error["message"] as? String == message)
        let metrics = try await api.send(.get, "/metrics").text
        #expect(metrics.contains(#"orders_requests_total{face="rest",method="refused",status="\#(status)"} 1"#))
    }

    private let padding = HTTPField.Name("X-Padding")!

    @Test func aLongHeaderIsRefusedInWords() async throws {
        let value = String(repeating: "a", count: RESTLimits.maximumHeaderBytes)
        let answer = try await api.send(.get, "/livez", headers: [padding: value])
        try await expectRefusal(answer, 431, "headers: have more than 32768 bytes or 500 fields")
        #expect(try answer.object()["code"] as? Int == 3)
    }

    @Test func manyHeadersAreRefusedInWords() async throws {
        let fields = HTTPFields((0...RESTLimits.maximumHeaderFields).map { HTTPField(name: padding, value: "\($0)") })
        let answer = try await api.send(.get, "/livez", headers: fields)
        try await expectRefusal(answer, 431, "headers: have more than 32768 bytes or 500 fields")
    }

    @Test func aLongTargetIsRefusedInWords() async throws {
        let answer = try await api.send(.get, "/" + String(repeating: "a", count: RESTLimits.maximumTargetBytes))
        try await expectRefusal(answer, 414, "target: has more than 16384 bytes")
    }

    @Test func anUnknownMethodIsNotAllowed() async throws {
        for method in ["LOOK", "TRACE", "PATCH", "get"] {
            let answer = try await api.send(try #require(HTTPRequest.Method(method)), "/livez")
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == "GET, HEAD")
        }
    }

    @Test func whatFitsIsServed() async throws {
        let value = String(repeating: "a", count: RESTLimits.maximumHeaderBytes - 1024)
        let answer = try await api.send(.get, "/livez", headers: [padding: value])
        #expect(answer.status == 200)
        #expect(answer.text == "ok\n")
    }

    @Test func theWholeServerIsAsked() async throws {
        #expect(try await api.send(.options, "*").status == 204)
    }

    @Test func compressedBodiesAreRefusedWithWhatIsTaken() async throws {
        let answer = try await api.send(
            .post, "/v1/orders", RESTFixture.placeBody, headers: [.contentEncoding: "gzip"])
        #expect(answer.status == 415)
        #expect(answer.headers[.acceptEncoding] == "identity")
        #expect(
            try await api.send(.post, "/v1/orders", RESTFixture.placeBody, headers: [.contentEncoding: "identity"])
                .status == 200)
    }

    @Test func anotherCharsetIsRefused() async throws {
        for charset in ["latin1", "utf-16", "\"iso-8859-1\"", ""] {
            let type = "application/json; charset=\(charset)"
            let answer = try await api.send(.post, "/v1/orders", RESTFixture.placeBody, headers: [.contentType: type])
            #expect(answer.status == 415, "\(charset)")
        }
        for charset in ["UTF-8", "\"utf-8\""] {
            let type = "application/json;charset=\(charset)"
            #expect(
                try await api.send(.post, "/v1/orders", RESTFixture.placeBody, headers: [.contentType: type]).status
                    == 200)
        }
    }
}
