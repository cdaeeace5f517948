import ArgumentParser
import Outbox
import Sabotage
import Simulation

/// Runs relays on models of Postgres and of Kafka, with faults at every step.
@main
struct OutboxSimulator: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox-simulator",
        abstract: "Looks for a schedule in which the relay loses, repeats or inverts rows.",
        discussion: """
            The relay's own code runs on models of Postgres and of Kafka, under one scheduler that a seed decides. \
            Relays are killed, stopped and continued at every statement, connections are lost, Postgres crashes, Kafka \
            is away. A run that breaks an invariant is repeated with fewer steps and faults while it still does, and \
            is printed. Exit status 1 if a run failed; 0 if a mutant was asked for and was found.
            """)

    @Option(help: "The first seed.")
    var seed: UInt64 = 1

    @Option(help: "How many seeds, counting up.")
    var seeds: UInt64 = 1

    @Option(help: "Steps with faults in each run; then everything is healed and the outbox has to drain.")
    var steps = 400

    @Option(help: "How many relays share the outbox; 1 to 3, by the seed, if not given.")
    var relays: Int?

    @Option(help: "at-least-once or exactly-once; by the seed, if not given.", transform: choice)
    var delivery: DeliveryGuarantee?

    @Option(help: ArgumentHelp("Breaks the system on purpose.", valueName: "name"), transform: knownMutant)
    var mutant: Mutant?

    @Flag(help: "Prints what happens in each run.")
    var trace = false

    @Flag(help: "Prints a failing run as it is, without looking for a shorter one.")
    var noMinimise = false

    func validate() throws {
        guard steps >= 0, seeds > 0 else { throw ValidationError("--steps and --seeds must not be negative or zero") }
        guard relays.map({ $0 > 0 && $0 <= 16 }) ?? true else { throw ValidationError("--relays must be 1 to 16") }
    }

    func run() throws {
        let began = ContinuousClock.now
        var total = Totals()
        for seed in seed..<seed + seeds {
            var options = SimulationOptions(seed: seed)
            options.steps = steps
            options.relays = relays
            options.guarantee = delivery
            options.mutant = mutant
            options.isTraced = trace
            let report = try Simulation(options).run()
            total.add(report)
            for line in report.trace { print(line) }
            guard let violation = report.violation else { continue }
            print("seed \(seed): \(violation)")
            try explain(options, violation)
            print(total.description(since: began))
            throw mutant == nil ? ExitCode.failure : ExitCode.success
        }
        print(total.description(since: began))
        if mutant != nil { throw ExitCode.failure }
    }

    /// Prints the shortest run that fails in the same way.
    private func explain(_ options: SimulationOptions, _ violation: Violation) throws {
        guard !trace else { return }
        var shortest = options
        if !noMinimise {
            var minimiser = Minimiser(options, violation)
            shortest = try minimiser.minimise()
        }
        shortest.isTraced = true
        let report = try Simulation(shortest).run()
        let kept = shortest.steps - shortest.leftOut.count { $0 < shortest.steps }
        print("it fails in \(kept) of \(options.steps) steps:")
        for line in report.trace { print("  " + line) }
        if let violation = report.violation { print("  \(violation)") }
        print("repeat with: outbox-simulator --seed \(options.seed) --steps \(options.steps)\(arguments)")
    }

    private var arguments: String {
        (relays.map { " --relays \($0)" } ?? "") + (delivery.map { " --delivery \($0.rawValue)" } ?? "")
            + (mutant.map { " --mutant \($0.rawValue)" } ?? "")
    }
}

/// One of the values of a type, by its name.
private func choice<Choice: CaseIterable & RawRepresentable<String>>(_ text: String) throws -> Choice {
    guard let found = Choice(rawValue: text) else {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("'\(text)' is not one of: \(names)")
    }
    return found
}

/// A mutant that the models know.
private func knownMutant(_ text: String) throws -> Mutant {
    let known = Mutant.allCases.filter { $0.places.contains(.simulator) }
    guard let found = known.first(where: { $0.rawValue == text }) else {
        throw ValidationError("'\(text)' is not one of: \(known.map(\.rawValue).joined(separator: ", "))")
    }
    return found
}

/// The sum of several runs.
private struct Totals {
    private var runs = 0
    private var steps = 0
    private var relayMicroseconds: Int64 = 0
    private var rows = 0
    private var repeated = 0
    private var epochs: Int64 = 0
    private var fencings = 0
    private var faults: [Fault: Int] = [:]

    mutating func add(_ report: SimulationReport) {
        runs += 1
        steps += report.steps
        relayMicroseconds += report.relayMicroseconds
        rows += report.rows
        repeated += report.repeated
        epochs += report.epochs
        fencings += report.fencings
        faults.merge(report.faults, uniquingKeysWith: +)
    }

    func description(since began: ContinuousClock.Instant) -> String {
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let hours = Double(relayMicroseconds) / 3_600_000_000
        let happened = Fault.allCases.map { "\(faults[$0] ?? 0) × \($0.rawValue)" }.joined(separator: ", ")
        return """
            \(runs) runs, \(steps) steps, \(rows) rows, \(repeated) repeated, \(epochs) leaders, \(fencings) fencings; \
            \(happened)
            \(Self.rounded(hours)) hours of relays' lives in \(Self.rounded(seconds)) s: \
            \(Self.rounded(hours * 60 / max(seconds, 0.001))) hours per minute, \
            \(Self.rounded(Double(runs) / max(seconds, 0.001))) runs per second
            """
    }

    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
