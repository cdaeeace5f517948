import ArgumentParser
import Operations

/// Shows who decided what.
struct DecisionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions",
        abstract:
            "Shows what was parked, released, skipped, edited, paused, replayed, rebuilt, rebased or set up, and why.",
        discussion: """
            Examples:
              outboxctl decisions --limit 100
              outboxctl decisions --json | jq -r '.[] | [.decided_at, .action, .caller, .reason] | @tsv'
            """)

    @Option(help: "How many are shown, 1 to 500.")
    var limit = 20
    @Option(help: "Go on behind this decision.")
    var after: Int64?
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard (1...OperationsLimits.decisionsPerPage).contains(limit) else {
            throw ValidationError("--limit: \(limit) is not in 1...\(OperationsLimits.decisionsPerPage)")
        }
    }

    func run() throws {
        let decisions = try options.reading { try $0.decisions(after: after, limit: limit) }
        try options.show(decisions) {
            var table = Table(["id", "decided", "action", "row", "about", "by", "reason"], numbers: [0, 3])
            for decision in decisions { table.add(DecisionText.cells(decision)) }
            decisions.isEmpty ? print("no decisions") : table.printed()
        }
    }
}

/// A decision for people.
enum DecisionText {
    static func cells(_ decision: Decision) -> [Table.Cell] {
        [
            .init("\(decision.decisionId)"), .init(decision.decidedAt.description), .init(action(decision), .strong),
            .init(decision.outboxId.map { "\($0)" } ?? ""), .init(subject(decision)), .init(person(decision)),
            .init(decision.reason),
        ]
    }

    static func line(_ decision: Decision) -> String {
        let about = decision.about.map { " (\($0))" } ?? ""
        return "\(decision.decidedAt) \(action(decision))\(about) by \(person(decision)): \(decision.reason)"
    }

    /// `replay`, `stop replay`.
    private static func action(_ decision: Decision) -> String {
        decision.step.map { "\($0) \(decision.action)" } ?? decision.action
    }

    /// The key, the work, or both: a bulk action decides about keys.
    private static func subject(_ decision: Decision) -> String {
        let key = decision.aggregateType.map { "\($0)/\(decision.aggregateId ?? "*")" }
        return [key, decision.about].compactMap { $0 }.joined(separator: ", ")
    }

    private static func person(_ decision: Decision) -> String {
        decision.caller.map { "\($0) (\(decision.decidedBy))" } ?? decision.decidedBy
    }
}
