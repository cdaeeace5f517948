import Foundation
import Testing

/// Each rule finds its breach in a made-up package.
struct PackageRulesTests {
    private typealias Target = PackageGraph.Target

    private func target(_ path: String, _ dependencies: [String] = []) -> Target {
        let name = path == "relay/Sources" ? "outbox-relay" : String(path.split(separator: "/").last ?? "")
        return Target(name: name, kind: "regular", path: path, dependencies: dependencies, exclude: [])
    }

    /// All targets that the rules name, without any edge.
    private func package(_ more: [Target]) -> PackageGraph {
        let named = PackageRules.forbidden.flatMap { [$0.executable] + $0.targets }
        let bare = named.map {
            Target(name: $0, kind: "regular", path: "Elsewhere/" + $0, dependencies: [], exclude: [])
        }
        return PackageGraph(more + bare)
    }

    @Test func theJSONOfDumpPackageIsRead() throws {
        let json = """
            {"targets": [{"name": "A", "type": "regular", "path": "Sources/Support/A", "exclude": ["x.md"],
              "dependencies": [{"byName": ["B", null]}, {"target": ["C", null]},
                {"product": ["Logging", "swift-log", null, null]}, {"plugin": ["P", null]}]},
             {"name": "ATests", "type": "test", "dependencies": []}]}
            """
        let graph = try PackageGraph(description: Data(json.utf8))
        #expect(graph.targets["A"]?.dependencies == ["B", "C", "Logging"])
        #expect(graph.targets["A"]?.exclude == ["x.md"])
        #expect(graph.targets["ATests"]?.path == "Tests/ATests")
    }

    @Test func aForbiddenTargetIsFoundBehindAnother() {
        let graph = package([
            target("relay/Sources", ["OutboxKafka"]),
            target("Sources/Relay/OutboxKafka", ["Consumers"]),
            target("Sources/Orders/Consumers", ["Orders"]),
            target("Sources/Orders/Orders"),
            target("Sources/Executables/orders-server", ["Orders"]),
        ])
        #expect(
            PackageRules.forbiddenReach(in: graph) == [
                "forbidden: outbox-relay > OutboxKafka > Consumers > Orders",
                "forbidden: outbox-relay > OutboxKafka > Consumers",
                "forbidden: OutboxKafka > Consumers",
                "forbidden: OutboxKafka > Consumers > Orders",
            ])
    }

    @Test func theServerMustNotReachKafka() {
        let graph = package([
            target("Sources/Executables/orders-server", ["EventStore"]),
            target("Sources/Orders/EventStore", ["Kafka"]),
            target("Sources/Clients/Kafka", ["CRDKafka"]),
        ])
        #expect(
            PackageRules.forbiddenReach(in: graph) == [
                "forbidden: orders-server > EventStore > Kafka",
                "forbidden: orders-server > EventStore > Kafka > CRDKafka",
            ])
    }

    @Test func aRenamedTargetIsNoticed() {
        #expect(PackageRules.forbiddenReach(in: PackageGraph([])).contains { $0.contains("no target Orders;") })
    }

    @Test func aGroupMustNotDependOnAGroupBelowIt() {
        let graph = PackageGraph([
            target("Sources/Support/Runtime", ["Postgres"]),
            target("Sources/Clients/Postgres", ["Threads"]),
            target("Sources/Support/Threads"),
            target("Sources/Operations", ["EventStore"]),
            target("Sources/Orders/EventStore", ["TestKit"]),
            target("Sources/Odds/Ends"),
            target("Tests/TestKit", ["Postgres"]),
        ])
        #expect(
            PackageRules.groupBreaches(in: graph) == [
                "Ends is in Sources/Odds/Ends, and there is no group Odds",
                "EventStore depends on TestKit, which is in Tests/TestKit",
                "Runtime (Support) depends on Postgres (Clients), a group below it",
            ])
    }

    @Test func importsAreReadInEveryStyle() {
        let lines = [
            "// import Comment", "import A", "public import B", "@testable import C", "@_spi(Tests) internal import D",
            "import struct E.Member", "    import F", "let text = \"import G\"",
        ]
        #expect(SwiftImports.modules(in: lines.joined(separator: "\n")) == ["A", "B", "C", "D", "E", "F"])
    }

    @Test func anUndeclaredImportAndAnUnusedEdgeAreFound() {
        let relay = target("relay/Sources", ["Outbox", "http2-bench", "Logging"])
        let bench = target("Sources/Executables/http2-bench")
        let graph = PackageGraph([relay, bench])
        let imports = ["Outbox": "a.swift", "http2_bench": "b.swift", "Kafka": "c.swift", "Foundation": "d.swift"]
        #expect(
            PackageRules.undeclared(imports, of: relay, in: graph) == [
                "c.swift imports Kafka, which the target outbox-relay does not declare"
            ])
        #expect(
            PackageRules.unused(imports, of: relay, in: graph) == [
                "the target outbox-relay declares Logging, and none of its files imports it"
            ])
        #expect(PackageRules.unused([:], of: target("Tests/ATests", ["A"]), in: graph).isEmpty)
    }
}
