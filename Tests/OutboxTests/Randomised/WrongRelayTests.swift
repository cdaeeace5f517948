import TestKit
import Testing

/// The randomised test with the relay broken on purpose, in the four ways that look right: it must see each.
struct WrongRelayTests {
    private static let rounds = 6

    @Test(arguments: WrongRelay.Mistake.allCases)
    func theCheckerSeesTheMistake(_ mistake: WrongRelay.Mistake) async throws {
        for round in 0..<Self.rounds {
            let seed = CrashTests.seed &+ UInt64(round) &* 104_729
            let outbox = try await TestOutbox()
            let (report, _) = try await RandomScenario(outbox: outbox, seed: seed, transactionsEach: 40).run { isDone in
                var relay = WrongRelay(outbox, mistake, seed: seed)
                try relay.run(areWritersDone: isDone)
            }
            print("\(mistake.rawValue): \(report)")
            if !report.isCorrect { return }
        }
        Issue.record("\(mistake.rawValue) went unnoticed in \(Self.rounds) rounds, seed \(CrashTests.seed)")
    }
}
