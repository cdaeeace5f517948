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
        let breaches = PackageRules.forbiddenReach(in: try await ThisPackage.graph())
        #expect(breaches.isEmpty, "\(breaches.joined(separator: "\n"))")
    }

    @Test func noGroupImportsAGroupBelowIt() async throws {
        let breaches = PackageRules.groupBreaches(in: try await ThisPackage.graph())
        #expect(breaches.isEmpty, "\(breaches.joined(separator: "\n"))")
    }

    /// A module that comes in through another target compiles by accident.
    @Test func filesImportOnlyWhatTheirTargetDeclares() async throws {
        let breaches = try await breachesOfImports(PackageRules.undeclared)
        #expect(breaches.isEmpty, "\(breaches.joined(separator: "\n"))")
    }

    @Test func targetsDeclareOnlyWhatTheirFilesImport() async throws {
        let breaches = try await breachesOfImports(PackageRules.unused)
        #expect(breaches.isEmpty, "\(breaches.joined(separator: "\n"))")
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
