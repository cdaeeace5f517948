import Foundation
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Outbox

/// Many writers, a relay that dies at random steps: nothing lost, nothing inverted.
///
/// The seed is printed; OUTBOX_TEST_SEED repeats it, as far as the scheduling of sessions allows. OUTBOX_TEST_SEEDS
/// says how many seeds are tried, counting up from the first; 1 if it is not set.
struct CrashTests {
    static let seed =
        ProcessInfo.processInfo.environment["OUTBOX_TEST_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 1...UInt64(UInt32.max))

    static let seeds: [UInt64] = {
        let count = ProcessInfo.processInfo.environment["OUTBOX_TEST_SEEDS"].flatMap { UInt64($0) } ?? 1
        return (0..<count).map { seed &+ $0 }
    }()

    static let crashesAtLeast = 6

    @Test(arguments: seeds) func cutsSurviveCrashesAtAnyStep(_ seed: UInt64) async throws {
        print("OUTBOX_TEST_SEED=\(seed)")
        var outbox = try await TestOutbox()
        outbox.behaviour.transientFailureIn = 60
        // Writers never get far ahead: however the threads are scheduled, every crash meets rows, and there is one left
        // for it.
        let pace = Pace(steps: Self.crashesAtLeast)
        let scenario = outbox
        let (report, crashes) = try await RandomScenario(outbox: scenario, seed: seed, pace: pace).run {
            isLastLife in
            defer { pace.end() }
            let relay = CrashingRelay(scenario, seed: seed &+ 1)
            while try !relay.live(isLastLife: isLastLife) { pace.advance() }
            return relay.crashes
        }
        print("cutsSurviveCrashesAtAnyStep: \(report), \(crashes) crashes")
        #expect(report.isCorrect, "\(report), seed \(seed)")
        #expect(crashes >= Self.crashesAtLeast)
        #expect(report.repeated > 0, "no crash was felt: the test has lost its teeth")
    }

    /// Keys are parked and released meanwhile, commits fail or have an unknown outcome, and relays that were replaced
    /// go on.
    @Test(arguments: seeds) func inTransactionsEachRowArrivesOnceWhateverCrashes(_ seed: UInt64) async throws {
        print("OUTBOX_TEST_SEED=\(seed)")
        var outbox = try await TestOutbox()
        outbox.guarantee = .exactlyOnce
        // Behind a pooler a new leader cannot end the old one's sessions: only fencing is left.
        outbox.pollInterval = .milliseconds(2)
        outbox.behaviour.transientFailureIn = 40
        let pace = Pace(steps: Self.crashesAtLeast)
        let scenario = outbox
        let (report, relay) = try await RandomScenario(outbox: scenario, seed: seed, pace: pace).run {
            isLastLife in
            defer { pace.end() }
            let relay = CrashingRelay(scenario, seed: seed &+ 1, hasZombies: true)
            while try !relay.live(isLastLife: isLastLife) {
                // The last writers wait until a zombie was fenced as well.
                let isFenced = relay.zombies > 0 && scenario.topic.transact { $0.fencings > 0 }
                if isFenced || relay.crashes < Self.crashesAtLeast { pace.advance() }
            }
            return relay
        }
        let fencings = outbox.topic.transact { $0.fencings }
        print(
            "inTransactionsEachRowArrivesOnceWhateverCrashes: \(report), \(relay.crashes) crashes, \(relay.zombies) "
                + "zombies, \(fencings) fencings"
        )
        #expect(report.isCorrect && report.repeated == 0, "\(report), seed \(seed)")
        #expect(relay.crashes >= Self.crashesAtLeast)
        #expect(relay.zombies > 0 && fencings > 0, "no zombie was fenced: the test has lost its teeth")
    }
}
