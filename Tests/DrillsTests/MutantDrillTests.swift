import Foundation
import Sabotage
import TestKit
import Testing

@testable import Drills

/// Systems that are broken on purpose: the scoreboard must show it, in the right column.
@Suite(.serialized) struct MutantDrillTests {
    private var setup: DrillSetup {
        var setup = DrillSetup(beside: TestPaths.binary("outbox-relay").path, checkout: TestPaths.root.path)
        setup.directory = FileManager.default.temporaryDirectory.path
        return setup
    }

    @Test func eachMutantOfTheProgramsHasADrill() {
        #expect(MutantDrill.all.map(\.mutant) == Mutant.allCases.filter { $0.places.contains(.programs) })
        for one in MutantDrill.all {
            #expect(one.setup(setup).refusal(one.drill) == nil, "\(one.mutant.rawValue)")
            #expect(!one.invariants.isEmpty)
        }
    }

    /// Each column catches something, so that none is there for decoration.
    @Test func eachInvariantHasAMutant() {
        let caught = Set(MutantDrill.all.flatMap(\.invariants))
        #expect(caught == Set(DrillReport.Invariant.allCases))
    }

    @Test func eachFailPointHasADrill() {
        let text = Drills.all.map { "\($0.name) \($0.summary)" }.joined(separator: "\n")
        let inOthers: Set<FailPoint> = [.relayInTakeover, .relayAfterTakeover, .relayBeforeRenewal]
        for point in FailPoint.allCases where !inOthers.contains(point) {
            #expect(text.contains(point.rawValue), "\(point.rawValue)")
        }
    }

    /// Each takes up to a minute, so `make test` has two of them. `outboxctl drill mutants` runs all, and so does
    /// TEST_MUTANTS=all here.
    private static let tried: [Mutant] =
        ProcessInfo.processInfo.environment["TEST_MUTANTS"] == "all"
        ? MutantDrill.all.map(\.mutant) : [.answeredBeforeCommit, .alwaysReady]

    @Test(arguments: tried) func isNoticed(_ mutant: Mutant) async throws {
        let one = try #require(MutantDrill.all.first { $0.mutant == mutant })
        let seed = UInt64.random(in: 0..<1_000_000)
        let run = try await DrillRunner(one.setup(setup)).run(one.drill, seed: seed) { _ in }
        let noticed = one.noticed(by: run)
        print("\(mutant.rawValue): \(one.drill.name), \(noticed ?? []), \(run.seconds) s, \(run.findings)")
        #expect(noticed != nil, "\(run.violations) \(run.findings); again: \(run.command); logs: \(run.logs ?? "")")
        if let logs = run.logs, noticed != nil { try FileManager.default.removeItem(atPath: logs) }
    }
}
