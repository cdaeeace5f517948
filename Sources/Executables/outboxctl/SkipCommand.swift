import ArgumentParser
import Operations

/// Gives held rows up.
struct SkipCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Marks held rows to be dropped, unpublished, when their key is released.",
        discussion: """
            Rows are named by their ids, or chosen by a filter on their parked keys: then the server marks them, key \
            by key, as a bulk action (outboxctl bulk). An id that begins with a hyphen goes to the end, behind --.

            Examples:
              outboxctl skip 4711 --dry-run
              outboxctl skip --error MSG_SIZE_TOO_LARGE --parked-before 1h --reason "agreed with the owners"
              outboxctl skip 4711 4712 --reason "corrupt, agreed with the owners"
            """)

    private static let mostRows = 1_000

    @Argument(help: "The outbox_id of each row.")
    var outboxIds: [Int64] = []
    @OptionGroup var which: ParkedOptions
    @OptionGroup var rows: BulkRowsOption
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard outboxIds.isEmpty != which.isEmpty else {
            throw ValidationError("say which rows: ids, or \(ParkedOptions.names)")
        }
        guard rows.rows == nil || outboxIds.isEmpty else { throw ValidationError("--rows goes with a filter only") }
        guard outboxIds.count <= Self.mostRows else { throw ValidationError("more than \(Self.mostRows) rows at once") }
    }

    func run() throws {
        guard !outboxIds.isEmpty else {
            let desk = try options.open()
            return try BulkRunner(options, desk, consent).run(
                .skip, which.filter(options, desk), rows: rows.value)
        }
        let previews = try previews()
        if consent.dryRun {
            return try options.show(previews) { for preview in previews { PreviewText.printed(preview) } }
        }
        if !options.json { for preview in previews { PreviewText.printed(preview) } }
        try consent.ask("skip \(outboxIds.count == 1 ? "row \(outboxIds[0])" : "\(outboxIds.count) rows")?")
        let receipt = try options.acting { try $0.skip(outboxIds, reason: consent.why) }
        try options.show(receipt) { print("\(receipt.summary): outboxctl release") }
    }

    private func previews() throws -> [ActionPreview] {
        try options.reading { desk in
            try outboxIds.map { id in
                guard let preview = try desk.previewSkip(id) else {
                    report("row \(id) is not held; only rows of parked keys can be changed")
                    throw ExitCode.failure
                }
                return preview
            }
        }
    }
}
