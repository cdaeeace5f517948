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
    @Option(help: "How many keys are listed, 1 to 500.")
    var limit = 100
    @Option(help: "Leave out the first keys: for the next page.")
    var offset = 0
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard (1...OperationsLimits.rowsPerPage).contains(limit), offset >= 0 else {
            throw ValidationError(
                "--limit: \(limit) is not in 1...\(OperationsLimits.rowsPerPage), or --offset is below 0")
        }
    }

    func run() throws {
        let keys = try options.reading { desk in
            try desk.parkedKeys(which.filter(options, desk), offset: offset, limit: limit)
        }
        try options.show(keys) {
            if keys.isEmpty { return print("no key is parked") }
            var table = Table(["key", "refused row", "held", "parked", "state", "error"], numbers: [1, 2])
            for key in keys { table.add(Self.cells(key)) }
            table.printed()
            if keys.count == limit { report("there may be more: --offset \(offset + limit)") }
        }
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

/// Shows why a key is parked and what waits behind it.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Shows why a key is parked, its held rows, and what can be done.",
        discussion: """
            Ends with status 1 if the key is not parked. Names that begin with a hyphen go to the end, behind --.

            Example:
              outboxctl explain order 4711
            """)

    @Argument(help: "The aggregate type, for example order.")
    var aggregateType: String
    @Argument(help: "The aggregate id.")
    var aggregateId: String
    @OptionGroup var options: DeskOptions

    /// A parked key, and what its release would do.
    private struct Explanation: Encodable {
        let key: ParkedKeyView
        let release: ActionPreview
    }

    func run() throws {
        let filter = ParkedFilter(aggregateType: aggregateType, aggregateId: aggregateId)
        let found = try options.reading { desk in
            try desk.parkedKeys(filter, limit: 1).first.map {
                Explanation(key: $0, release: try desk.previewRelease(filter))
            }
        }
        guard let found else {
            report("\(aggregateType)/\(aggregateId) is not parked")
            throw ExitCode.failure
        }
        try options.show(found) { show(found.key, found.release) }
    }

    private func show(_ key: ParkedKeyView, _ release: ActionPreview) {
        print(
            "\(aggregateType)/\(aggregateId) is parked since \(key.parkedAt): Kafka refused row \(key.outboxId): "
                + "\(key.error)")
        if let time = key.retryAt { print("the relay tries again at \(time)") }
        print(release.summary + ":")
        PreviewText.printed(release)
        let hints = CommandHints(schema: options.schema)
        print(
            """
            when the cause is gone:      \(hints.command("release", [aggregateType, aggregateId], reason: true))
            to give one row up for good: \(hints.command("skip", ["\(key.outboxId)"], reason: true))
                                         and then release the key
            to mend a row:               outboxctl edit \(key.outboxId) --payload ... --reason "..."
            """)
    }
}
