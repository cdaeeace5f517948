import ArgumentParser
import Operations

/// Gives held rows up.
struct SkipCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Marks held rows to be dropped, unpublished, when their key is released.",
        discussion: """
            An id that begins with a hyphen goes to the end, behind --.

            Examples:
              outboxctl skip 4711 --dry-run
              outboxctl skip 4711 4712 --reason "corrupt, agreed with the owners"
            """)

    private static let mostRows = 1_000

    @Argument(help: "The outbox_id of each row.")
    var outboxIds: [Int64]
    @Flag(help: "Show what would happen, and change nothing.")
    var dryRun = false
    @Option(help: "Why; it is recorded.")
    var reason: String?
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard outboxIds.count <= Self.mostRows else { throw ValidationError("more than \(Self.mostRows) rows at once") }
        if !dryRun { try ReasonOption.validate(reason) }
    }

    func run() throws {
        guard !dryRun else {
            let previews = try options.reading { desk in
                try outboxIds.map { id in
                    guard let preview = try desk.previewSkip(id) else { throw ValidationError("row \(id) is not held") }
                    return preview
                }
            }
            return try options.show(previews) {
                for preview in previews {
                    print(preview.summary)
                    PreviewText.printed(preview)
                }
            }
        }
        let receipt = try options.acting { try $0.skip(outboxIds, reason: reason ?? "") }
        try options.show(receipt) { print("\(receipt.summary): outboxctl release") }
    }
}
