import Sabotage
import Testing

@testable import Simulation

struct DeterminismTests {
    /// A seed that is reported must be repeatable, line by line.
    @Test(arguments: [3, 17, 40] as [UInt64]) func aSeedDecidesEverything(_ seed: UInt64) throws {
        var options = SimulationOptions(seed: seed)
        options.isTraced = true
        let first = try Simulation(options).run()
        let second = try Simulation(options).run()
        #expect(first.trace.count > 100)
        #expect(first.trace == second.trace)
    }

    @Test func aFailingRunIsMadeShorter() throws {
        var options = SimulationOptions(seed: 1)
        options.mutant = .epochNotRaised
        let violation = try #require(try Simulation(options).run().violation)
        var minimiser = Minimiser(options, violation)
        let shortest = try minimiser.minimise()
        #expect(shortest.steps < 100)
        #expect(try Simulation(shortest).run().violation?.invariant == violation.invariant)
    }

    /// Faults that never happen would prove nothing.
    @Test func everythingHappens() throws {
        var faults: [Fault: Int] = [:]
        var epochs: Int64 = 0
        var (rows, repeated, fencings) = (0, 0, 0)
        for seed in 1...100 as ClosedRange<UInt64> {
            let report = try Simulation(SimulationOptions(seed: seed)).run()
            faults.merge(report.faults, uniquingKeysWith: +)
            epochs += report.epochs
            rows += report.rows
            repeated += report.repeated
            fencings += report.fencings
        }
        for fault in Fault.allCases {
            #expect(faults[fault, default: 0] > 3, "\(fault.rawValue)")
        }
        #expect(epochs > 300 && rows > 5_000 && repeated > 100 && fencings > 0)
        print("100 seeds: \(rows) rows, \(repeated) repeated, \(epochs) leaders, \(fencings) fencings")
    }
}
