import Sabotage
import Testing

@testable import Simulation

/// The relay broken on purpose: each way must be noticed within a number of seeds, and by the right invariant.
struct MutantTests {
    /// Seeds that are tried, and how a mutant may show itself.
    private static let expectations: [Mutant: (seeds: UInt64, invariants: Set<Violation.Invariant>)] = [
        .noFenceOnCheckpoint: (300, [.twoLeaders]),
        .noFenceOnLease: (200, [.twoLeaders]),
        .epochNotRaised: (2, [.noProgress]),
        .readsByID: (20, [.rowsLost, .orderLost, .noProgress]),
        .lateRowsNotFetched: (20, [.rowsLost, .orderLost, .noProgress]),
        .cutTakenAgain: (100, [.rowsLost, .orderLost, .notOnDisk]),
        .publishesWhatIsNotOnDisk: (50, [.notOnDisk]),
        .checkpointBeforeAck: (50, [.rowsLost, .orderLost]),
        .parkedKeyLetThrough: (50, [.orderLost, .rowsLost, .noProgress]),
        .releasedInWrongOrder: (50, [.orderLost]),
        .notifyWithoutPoll: (50, [.noProgress]),
        .recordNotRead: (50, [.repeated]),
    ]

    @Test(arguments: Mutant.allCases.filter { $0.places.contains(.simulator) })
    func isNoticed(_ mutant: Mutant) throws {
        let expected = try #require(Self.expectations[mutant])
        for seed in 1...expected.seeds {
            var options = SimulationOptions(seed: seed)
            options.mutant = mutant
            guard let violation = try Simulation(options).run().violation else { continue }
            print("\(mutant.rawValue): seed \(seed), \(violation)")
            #expect(expected.invariants.contains(violation.invariant), "seed \(seed): \(violation)")
            return
        }
        Issue.record("\(mutant.rawValue) went unnoticed in \(expected.seeds) seeds")
    }
}
