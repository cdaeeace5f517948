import ArgumentParser
import Operations

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
            try desk.parkedKeys(filter, limit: 1).keys.first.map {
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
        say(
            "\(aggregateType)/\(aggregateId) is parked since \(key.parkedAt): Kafka refused row \(key.outboxId): "
                + "\(key.error)")
        if let time = key.retryAt { print("the relay tries again at \(time)") }
        PreviewText.printed(release)
        let hints = CommandHints(schema: options.schema)
        print(
            """
            when the cause is gone:      \(hints.command("release", [aggregateType, aggregateId], reason: true))
            to give one row up for good: \(hints.command("skip", ["\(key.outboxId)"], reason: true))
                                         and then release the key
            to mend a row:               \(hints.command("edit", ["\(key.outboxId)"], reason: true)) --payload "..."
            """)
    }
}
