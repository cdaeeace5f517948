import Drills
import Foundation
import TestKit
import Testing
import Verify

/// Real drills, each on a stack of its own. `make drill` runs all of them.
@Suite(.serialized) struct DrillTests {
    private var setup: DrillSetup {
        var setup = DrillSetup(beside: TestPaths.binary("outbox-relay").path, checkout: TestPaths.root.path)
        setup.directory = FileManager.default.temporaryDirectory.path
        return setup
    }

    private func run(_ name: String) async throws -> DrillReport.Run {
        let drill = try #require(Drills.named(name))
        let run = try await DrillRunner(setup).run(drill, seed: UInt64.random(in: 0..<1_000_000)) { _ in }
        #expect(run.isClean, "\(run.findings); again: \(run.command); logs: \(run.logs ?? "")")
        return run
    }

    @Test(arguments: ["kill-relay", "postgres-crash", "sigterm-all"])
    func nothingIsLost(_ name: String) async throws {
        let run = try await run(name)
        #expect(run.acknowledged >= 200)
        #expect(run.audited?.events ?? 0 > run.acknowledged)
        #expect(run.recoverySeconds != nil)
        #expect(!run.samples.isEmpty)
        // All but those that do not apply: exactly-once delivery, and drills of which clients may take notice.
        let judged = Set(run.violations.keys)
        let always = DrillReport.Invariant.allCases.filter { $0 != .single && $0 != .quick }.map(\.rawValue)
        #expect(judged.isSuperset(of: always))
    }
}
