import Testing

/// The edges between the modules of this package.
struct ThisPackageTests {
    @Test func theDescriptionIsRead() async throws {
        let graph = try await ThisPackage.graph()
        #expect(graph.targets["outbox-relay"]?.kind == "executable")
        #expect(graph.closure(of: "outbox-relay").isSuperset(of: ["Outbox", "OutboxKafka", "CLibPQ", "CRDKafka"]))
        #expect(graph.targets.count > 20)
    }

    @Test func noExecutableReachesWhatItMustNot() async throws {
        report(PackageRules.forbiddenReach(in: try await ThisPackage.graph()))
    }

    @Test func noGroupImportsAGroupBelowIt() async throws {
        report(PackageRules.groupBreaches(in: try await ThisPackage.graph()))
    }

    /// A module that comes in through another target compiles by accident.
    @Test func filesImportOnlyWhatTheirTargetDeclares() async throws {
        report(try await breachesOfImports(PackageRules.undeclared))
    }

    @Test func targetsDeclareOnlyWhatTheirFilesImport() async throws {
        report(try await breachesOfImports(PackageRules.unused))
    }

    private func report(_ breaches: [String]) {
        for breach in breaches {
            Issue.record("\(breach)")
        }
    }

    private func breachesOfImports(
        _ rule: ([String: String], PackageGraph.Target, PackageGraph) -> [String]
    ) async throws -> [String] {
        let graph = try await ThisPackage.graph()
        return try graph.targets.values.filter { $0.kind != "system" }.sorted { $0.name < $1.name }.flatMap {
            rule(try SwiftImports.modules(of: $0, root: ThisPackage.root), $0, graph)
        }
    }
}
