import ArgumentParser
import Drills
import FoundationEssentials
import Sabotage

/// Shows that the judge of the drills notices.
struct DrillMutantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutants",
        abstract: "Breaks the services on purpose, each in its drill, and shows which invariant catches it.",
        discussion: """
            Ends with status 0 if every mutant was noticed, 1 otherwise. Only a debug build can be broken on purpose. \
            Without names all mutants are run; --list tells what there is.

            Examples:
              outboxctl drill mutants --list
              outboxctl drill mutants read-by-id keys-ignored
            """)

    @Argument(help: "Names of mutants.")
    var names: [String] = []
    @Flag(help: "Only list them.")
    var list = false
    @Option(help: "Decides the random moments; by default another one each time.")
    var seed: UInt64?
    @Option(help: "The checkout with migrations and the strict Kafka.")
    var checkout = "."

    func validate() throws {
        if !list || !names.isEmpty { try MutantName.validate(names) }
    }

    func run() async throws {
        let chosen = MutantDrill.all.filter { names.isEmpty || names.contains($0.mutant.rawValue) }
        var table = Table(["mutant", "drill", list ? "to be noticed by" : "noticed by"])
        var missed = 0
        let seed = seed ?? UInt64.random(in: 0..<1_000_000)
        for one in chosen {
            let cells: [Table.Cell] = [.init(one.mutant.rawValue, .strong), .init(one.drill.name)]
            guard !list else {
                table.add(cells + [.init(one.invariants.map(\.rawValue).joined(separator: " or "))])
                continue
            }
            let (noticed, run) = try await play(one, seed)
            if noticed == nil {
                missed += 1
                for finding in run.findings { report("  \(finding)") }
                report("  logs: \(run.logs ?? "none"); again: \(run.command)")
            }
            let text = noticed.map { $0.map(\.rawValue).joined(separator: ", ") } ?? "nothing"
            table.add(cells + [.init(text, noticed == nil ? .bad : .good)])
        }
        table.printed()
        if missed > 0 { throw ExitCode.failure }
    }

    private func play(
        _ one: MutantDrill, _ seed: UInt64
    ) async throws -> ([DrillReport.Invariant]?, DrillReport.Run) {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var setup = DrillSetup(beside: path, checkout: checkout)
        setup.directory = FileManager.default.temporaryDirectory.path
        report("\(one.mutant.rawValue): \(one.drill.name), seed \(seed)")
        let run = try await DrillRunner(one.setup(setup)).run(one.drill, seed: seed) { _ in }
        let noticed = one.noticed(by: run)
        if noticed != nil, let logs = run.logs { try? FileManager.default.removeItem(atPath: logs) }
        return (noticed, run)
    }
}

/// The check of mutants' names.
enum MutantName {
    static func validate(_ names: [String]) throws {
        let known = MutantDrill.all.map(\.mutant.rawValue)
        for name in names where !known.contains(name) {
            throw ValidationError("there is no mutant '\(name)'; there are \(known.joined(separator: ", "))")
        }
        guard Mutant.isPossible else { throw ValidationError("only a debug build can be broken on purpose") }
    }
}
