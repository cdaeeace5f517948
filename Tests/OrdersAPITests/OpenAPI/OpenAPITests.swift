import Foundation
import HTTPTypes
import Testing

@testable import OrdersAPI

struct OpenAPITests {
    let api = RESTFixture()

    private func document() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes)) as? [String: Any])
    }

    @Test func isServedAsJSON() async throws {
        let answer = try await api.send(.get, "/openapi.json")
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/json")
        #expect(try answer.object()["openapi"] as? String == "3.1.0")
    }

    @Test func describesEachRouteWithItsMethods() throws {
        let paths = try #require(try document()["paths"] as? [String: [String: Any]])
        let routes = RESTRoute.Kind.allCases.filter { $0 != .server }
        #expect(Set(paths.keys) == Set(routes.map(\.label)))
        for route in routes {
            let described = Set((paths[route.label] ?? [:]).keys.map { $0.uppercased() })
            #expect(described == Set(route.methods.map(\.rawValue)).subtracting(["HEAD"]), "\(route.label)")
        }
    }

    @Test func everyReferenceLeadsSomewhere() throws {
        let document = try document()
        func check(_ node: Any) {
            if let object = node as? [String: Any] {
                if let reference = object["$ref"] as? String {
                    var target: Any? = document
                    for key in reference.dropFirst(2).split(separator: "/") {
                        target = (target as? [String: Any])?[String(key)]
                    }
                    #expect(target != nil, "\(reference)")
                }
                object.values.forEach(check)
            } else if let array = node as? [Any] {
                array.forEach(check)
            }
        }
        check(document)
    }

    @Test func theBoundsAreTheHandlersOwn() {
        let text = String(decoding: OpenAPIDocument.bytes, as: UTF8.self)
        #expect(text.contains(#""maximum": \#(APILimits.listPageOrders.upperBound)"#))
        #expect(text.contains(#""maximum": \#(APILimits.historyPageEvents.upperBound)"#))
        #expect(text.contains(#""maximum": 10000000000"#))
    }

    @Test func thePageAsksNobodyElse() async throws {
        let answer = try await api.send(.get, "/docs")
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
        #expect(!answer.text.contains("http://") && !answer.text.contains("https://"))
    }
}
