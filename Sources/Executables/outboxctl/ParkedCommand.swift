import ArgumentParser
import Operations

/// Lists the keys that wait for a decision.
struct ParkedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parked", abstract: "Lists the keys that are parked because Kafka refused one of their rows.",
        discussion: """
            Examples:
              outboxctl parked
              outboxctl parked --error MSG_SIZE_TOO_LARGE --json
            """)

    @OptionGroup var which: ParkedOptions
    @Option(help: "How many keys are listed, 1 to 10000.")
    var limit = 100
    @Option(help: "Go on behind the key at which the list before ended, as it said.")
    var after: String?
    @Option(help: "How many keys are looked at at most in search of keys that match.")
    var scan = 1_000_000
    @OptionGroup var options: DeskOptions

    private static let mostKeys = 10_000
    private static let mostScanned = 100_000_000

    func validate() throws {
        guard (1...Self.mostKeys).contains(limit) else {
            throw ValidationError("--limit: \(limit) is not in 1...\(Self.mostKeys)")
        }
        guard (1...Self.mostScanned).contains(scan) else {
            throw ValidationError("--scan: \(scan) is not in 1...\(Self.mostScanned)")
        }
        if let after, ParkedCursor(after) == nil {
            throw ValidationError("--after: '\(after)' is not what a list said")
        }
    }

    func run() throws {
        let page = try options.reading { desk in try collect(which.filter(options, desk), desk) }
        try options.show(page) {
            if page.keys.isEmpty {
                print(
                    page.next != nil
                        ? "no key matches among the \(Words.count(page.scanned)) looked at"
                        : which.isEmpty ? "no key is parked" : "no parked key matches")
            } else {
                var table = Table(["key", "refused row", "held", "parked", "state", "error"], numbers: [1, 2])
                for key in page.keys { table.add(Self.cells(key)) }
                table.printed()
            }
            if let next = page.next { report("there may be more: --after \(next)") }
        }
    }

    /// Pages until there are enough keys, or enough were looked at.
    private func collect(_ filter: ParkedFilter, _ desk: OperatorDesk) throws -> ParkedPage {
        var whole = ParkedPage(keys: [], next: after, scanned: 0)
        repeat {
            let page = try desk.parkedKeys(
                filter, after: whole.next.flatMap { ParkedCursor($0) },
                limit: min(limit - whole.keys.count, OperationsLimits.rowsPerPage))
            whole.keys += page.keys
            whole.scanned += page.scanned
            whole.next = page.next
        } while whole.next != nil && whole.keys.count < limit && whole.scanned < scan
        return whole
    }

    private static func cells(_ key: ParkedKeyView) -> [Table.Cell] {
        let state: Table.Cell =
            key.releaseAskedAt != nil
            ? .init("release asked", .attention)
            : .init(key.retryAt.map { "tried again at \($0)" } ?? "waiting for a decision", .bad)
        return [
            .init("\(key.aggregateType)/\(key.aggregateId)"), .init("\(key.outboxId)"),
            .init("\(key.heldRows)\(key.heldRowsIsMore ? "+" : "")"), .init(key.parkedAt.description), state,
            .init(key.error),
        ]
    }
}
