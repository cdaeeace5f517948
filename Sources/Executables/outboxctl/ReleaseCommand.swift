import ArgumentParser
import Operations

/// Lets the relay publish the rows of parked keys.
struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Asks the relay to publish the held rows of a key, or of many keys, in order.",
        discussion: """
            The relay does it, whatever becomes of this command; --wait shows how far it is. Names that begin with a \
            hyphen go to the end, behind --.

            Ends with status 6 if --wait ends with keys that Kafka refused again.

            Examples:
              outboxctl release order 4711 --reason "the topic is back"
              outboxctl release --error UNKNOWN_TOPIC --dry-run
              outboxctl release --error UNKNOWN_TOPIC --yes --wait --reason "the topic is back"
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
    @Option(help: "Why; it is recorded.")
    var reason: String?
    @OptionGroup var options: DeskOptions

    private var isOneKey: Bool { aggregateType != nil }

    func validate() throws {
        guard (aggregateType == nil) == (aggregateId == nil) else { throw ValidationError("give a type and an id") }
        guard [isOneKey, !which.isEmpty, all].count(where: { $0 }) == 1 else {
            throw ValidationError("say which keys: TYPE ID, or --type, --error, --parked-before, or --all")
        }
        if !consent.dryRun { try ReasonOption.validate(reason) }
    }

    func run() throws {
        let desk = try options.open()
        let filter = try filter(desk)
        if consent.dryRun || !isOneKey {
            let preview = try desk.previewRelease(filter)
            if consent.dryRun { return try options.show(preview) { show(preview) } }
            if !options.json { show(preview) }
            guard preview.keys > 0 else { throw ExitCode.failure }
            guard try consent.consents(to: "release \(preview.keys)\(preview.isMore ? " or more" : "") keys?") else {
                throw ExitCode.failure
            }
        }
        try act(desk, filter)
    }

    private func filter(_ desk: OperatorDesk) throws -> ParkedFilter {
        guard let aggregateType, let aggregateId else { return try which.filter(options, desk) }
        return ParkedFilter(aggregateType: aggregateType, aggregateId: aggregateId)
    }

    private func show(_ preview: ActionPreview) {
        print(preview.summary)
        PreviewText.printed(preview)
    }

    private func act(_ desk: OperatorDesk, _ filter: ParkedFilter) throws {
        if isOneKey, try desk.parkedKeys(filter, limit: 1).isEmpty {
            throw ValidationError("\(aggregateType ?? "")/\(aggregateId ?? "") is not parked")
        }
        let receipt = try desk.release(filter, reason: reason ?? "")
        if !wait || !options.json { try options.show(receipt) { print(receipt.summary) } }
        guard wait else {
            if isOneKey, !options.json, let aggregateType, let aggregateId {
                let explain = CommandHints(schema: options.schema).command("explain", [aggregateType, aggregateId])
                print("if Kafka refuses again, the key stays parked: \(explain)")
            }
            return
        }
        try follow(desk, receipt)
    }

    private func follow(_ desk: OperatorDesk, _ receipt: Receipt) throws {
        var progress = try desk.progress(of: receipt)
        while !progress.isOver {
            report("\(progress.released) of \(progress.asked) released, \(progress.waiting) waiting")
            try Pace.pause(.milliseconds(500))
            progress = try desk.progress(of: receipt)
        }
        try options.show(progress) {
            print("\(progress.released) of \(progress.asked) keys released, \(progress.refused) refused again")
        }
        if progress.refused > 0 { throw ExitCode(Self.refused) }
    }
}
