import Testing

@testable import Simulation

/// The relay in many runs with faults at every step.
struct SimulationTests {
    private static let seeds: UInt64 = 500
    /// Seeds of one test, so that all processors have something to do.
    private static let batch: UInt64 = 50

    @Test(arguments: stride(from: UInt64(1), to: seeds, by: Int(batch)).map { $0..<$0 + batch })
    func noScheduleBreaksAnInvariant(_ seeds: Range<UInt64>) throws {
        for seed in seeds {
            let report = try Simulation(SimulationOptions(seed: seed)).run()
            if let violation = report.violation { Issue.record("seed \(seed): \(violation)") }
        }
    }
}
