import ArgumentParser
import Operations

/// Lets the relay publish the rows of parked keys.
struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Asks the relay to publish the held rows of a key, or of many keys, in order.",
        discussion: """
            The relay does it, whatever becomes of this command; --wait shows how far it is. A release of many keys is \
            a bulk action: the server asks the relay for a few hundred keys at a time, and outboxctl bulk stop ends \
            that. Names that begin with a hyphen go to the end, behind --.

            Ends with status 6 if --wait ends with keys that Kafka refused again.

            Examples:
              outboxctl release order 4711 --reason "the topic is back"
              outboxctl release --error UNKNOWN_TOPIC --dry-run
              outboxctl release --topic outbox.event.order --yes --wait --reason "the topic is back"
            """)

    /// The exit code when Kafka refused keys again.
    private static let refused: Int32 = 6

    @Argument(help: "The aggregate type.")
    var aggregateType: String?
    @Argument(help: "The aggregate id.")
    var aggregateId: String?
    @OptionGroup var which: ParkedOptions
    @Flag(help: "All parked keys.")
    var all = false
    @Flag(help: "Wait until the relay has dealt with all of them.")
    var wait = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var options: DeskOptions

    private var isOneKey: Bool { aggregateType != nil }

    func validate() throws {
        guard (aggregateType == nil) == (aggregateId == nil) else { throw ValidationError("give a type and an id") }
        guard [isOneKey, !which.isEmpty, all].count(where: { $0 }) == 1 else {
            throw ValidationError("say which keys: TYPE ID, or \(ParkedOptions.names), or --all")
        }
    }

    func run() throws {
        let desk = try options.open()
        guard let aggregateType, let aggregateId else {
            return try BulkRunner(options, desk, consent).run(
                .release, which.filter(options, desk), rows: .all, follows: wait
            ) { bulk in try follow { try desk.progress(of: bulk) } }
        }
        let key = ParkedFilter(aggregateType: aggregateType, aggregateId: aggregateId)
        let preview = try desk.previewRelease(key)
        guard consent.dryRun || preview.keys > 0 else {
            report("\(aggregateType)/\(aggregateId) is not parked")
            throw ExitCode.failure
        }
        if try consent.allows(preview, options) { try act(desk, key) }
    }

    private func act(_ desk: OperatorDesk, _ key: ParkedFilter) throws {
        let receipt = try desk.release(key, reason: consent.why)
        if !wait || !options.json { try options.show(receipt) { print(receipt.summary) } }
        guard wait else {
            guard !options.json else { return }
            let explain = CommandHints(schema: options.schema).command(
                "explain", [key.aggregateType ?? "", key.aggregateId ?? ""])
            return print("if Kafka refuses again, the key stays parked: \(explain)")
        }
        try follow { try desk.progress(of: receipt) }
    }

    /// Shows how far the relay is, until it has dealt with all keys.
    private func follow(_ ask: () throws -> ReleaseProgress) throws {
        var progress = try ask()
        while !progress.isOver {
            report("\(progress.released) of \(progress.asked) released, \(progress.waiting) waiting")
            try Pace.pause(.milliseconds(500))
            progress = try ask()
        }
        try options.show(progress) {
            print("\(progress.released) of \(progress.asked) keys released, \(progress.refused) refused again")
        }
        if progress.refused > 0 { throw ExitCode(Self.refused) }
    }
}
