import Admin
import Foundation
import HTTPTypes
import Logging
import Operations
import Postgres
import Testing

@testable import Console

/// The description of the JSON API, beside the routes and the bounds.
@Suite struct ConsoleAPITests {
    private func document() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(ConsoleAPI.document)) as? [String: Any])
    }

    @Test func everyRouteIsDescribedAndEveryDescriptionIsARoute() throws {
        let address = ListenAddress(host: "127.0.0.1", port: 0, portVariable: "CONSOLE_PORT")
        let postgres = PostgresConfiguration(url: "postgresql:///", applicationName: "test")
        let configuration = ConsoleConfiguration(address: address, postgres: postgres)
        let server = try ConsoleServer(configuration, logger: Logger(label: "test"))
        let paths = try #require(try document()["paths"] as? [String: [String: Any]])
        let described = Set(paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
        #expect(Set(server.routes.filter { $0.contains(" /api/") }) == described)
        #expect(Set(ConsoleAPI.paths.map { "\($0.method.rawValue) \($0.template)" }) == described)
    }

    @Test func aPathHasItsMethods() {
        #expect(ConsoleAPI.methods(of: "/api/v1/events") == [.get])
        #expect(ConsoleAPI.methods(of: "/api/v1/events/12") == [.get])
        #expect(ConsoleAPI.methods(of: "/api/v1/actions/preview") == [.post])
        #expect(ConsoleAPI.methods(of: "/api/v1/rebuilds") == [.get, .post])
        #expect(ConsoleAPI.methods(of: "/api/v1/events/12/x").isEmpty)
        #expect(ConsoleAPI.methods(of: "/api/v1/events/").isEmpty)
        #expect(ConsoleAPI.methods(of: "/").isEmpty)
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

    @Test func theBoundsAreThoseOfTheServer() {
        let text = String(decoding: ConsoleAPI.document, as: UTF8.self)
        for (name, bound) in [
            ("maximum", OperationsLimits.rowsPerPage), ("maximum", OperationsLimits.decisionsPerPage),
            ("maximum", OperationsLimits.replayRowsPerSecond), ("default", ConsoleLimits.replayRowsPerSecond),
            ("maximum", OperationsLimits.rebuildOrdersPerSecond), ("default", OperationsLimits.usualRebuildRate),
            ("maxLength", ConsoleLimits.reasonCharacters),
        ] {
            #expect(text.contains("\"\(name)\": \(bound)"), "\(name) \(bound)")
        }
        #expect(text.contains("at most \(ConsoleLimits.listeners)"))
        #expect(text.contains("more than \(ConsoleLimits.bodyBytes >> 20) MiB"))
        #expect(text.contains("\(ConsoleLimits.waitingQuestions) questions wait"))
        #expect(text.contains("up to \(ConsoleLimits.reportBytes >> 10) KiB"))
        for action in ActionRequest.Action.allCases {
            #expect(text.contains("{\"const\": \"\(action.rawValue)\"}"), "\(action)")
        }
        for state in RowState.allCases { #expect(text.contains("\"\(state.rawValue)\"")) }
    }
}
