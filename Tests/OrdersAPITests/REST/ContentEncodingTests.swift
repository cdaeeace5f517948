import HTTP2
import HTTPTypes
import Testing

@testable import OrdersAPI

struct ContentEncodingTests {
    let api = RESTFixture()

    @Test(arguments: [
        ("gzip", true), ("deflate, gzip;q=0.5", true), ("*", true), ("GZIP", true), ("gzip;q=0", false),
        ("gzip; q=0.0, *", false),
        ("identity", false), ("", false), ("gzip;q=0.001", true), ("*;q=0", false),
    ])
    func weightsAreHonoured(value: String, isAccepted: Bool) {
        #expect(ContentEncoding.acceptsGzip(HTTP2Headers([("accept-encoding", value)])) == isAccepted)
    }

    @Test func largeAnswersAreCompressedIfWanted() async throws {
        let plain = try await api.send(.get, "/openapi.json")
        let small = try await api.send(.get, "/openapi.json", headers: [.acceptEncoding: "gzip"])
        #expect(plain.headers[.contentEncoding] == nil)
        #expect(small.headers[.contentEncoding] == "gzip")
        #expect(small.headers[.vary] == "Accept-Encoding")
        let sizes = (Int(plain.headers[.contentLength] ?? "") ?? 0, Int(small.headers[.contentLength] ?? "") ?? 0)
        #expect(sizes.1 > 0 && sizes.1 * 3 < sizes.0)
    }

    @Test func smallAnswersAreNot() async throws {
        let answer = try await api.send(.get, "/v1/orders", headers: [.acceptEncoding: "gzip"])
        #expect(answer.headers[.contentEncoding] == nil)
        #expect(answer.text == #"{"orders":[]}"#)
    }
}
