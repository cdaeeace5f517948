import ArgumentParser
import Operations

/// Publishes rows again.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Publishes published rows again, in their order, with the header outbox_replay.",
        discussion: """
            The server copies the rows into the outbox, at --rate rows per second, and the relay publishes the copies; \
            live rows keep flowing, and their order per key is kept. A copy has the event id of its row: consumers \
            that know events by their id skip it, and the header tells a copy from a first publication.

            The command may be ended: the server goes on. outboxctl replay stop ends a replay; outboxctl replay \
            continue goes on with one that a crash of Postgres interrupted.

            Examples:
              outboxctl replay --type order --id 4711 --dry-run
              outboxctl replay --since 2h --until 1h --rate 500 --reason "the search index was lost"
              outboxctl replay show --watch
              outboxctl replay stop 3 --reason "the index is complete"
            """,
        subcommands: [Start.self, Show.self, List.self, Stop.self, Continue.self], defaultSubcommand: Start.self)

    /// Waits for the end of a replay and shows how far it is.
    static func follow(_ replay: Replay, _ options: DeskOptions) throws {
        let runner = try options.open(.unlimited)
        try runner.runReplay(replay.replayId)
        let desk = try options.open()
        let isRunning = { try desk.replay(replay.replayId).map { $0.isRunning || $0.endedAt != nil } == true }
        guard try Pace.waits(until: isRunning) else {
            report("replay \(replay.replayId) did not start; see the log of Postgres")
            throw ExitCode.failure
        }
        try watch(replay, desk, options)
    }

    /// Shows how far a replay is until it is over.
    static func watch(_ replay: Replay, _ desk: OperatorDesk, _ options: DeskOptions) throws {
        while let now = try desk.replay(replay.replayId) {
            if now.endedAt != nil { return try options.show(now) { say(ReplayText.line(now)) } }
            guard now.isRunning else {
                report("replay \(now.replayId) was interrupted: outboxctl replay continue \(now.replayId) --reason ...")
                throw ExitCode.failure
            }
            report(ReplayText.line(now))
            try Pace.pause(.seconds(1))
        }
    }

    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Begins a replay, and shows how far it is.")

        @Option(help: "The smallest outbox_id.")
        var from: Int64?
        @Option(help: "The largest outbox_id.")
        var to: Int64?
        @Option(help: "Written since then: a time, or an age such as 2h.")
        var since: String?
        @Option(help: "Written before then.")
        var until: String?
        @Option(help: "The aggregate type.")
        var type: String?
        @Option(help: "The aggregate id; with --type.")
        var id: String?
        @Option(help: "Rows per second, 1 to 100000.")
        var rate = 1_000
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var options: DeskOptions

        func validate() throws {
            guard from != nil || to != nil || since != nil || until != nil || type != nil else {
                throw ValidationError("say which rows: --from, --to, --since, --until, --type or --id")
            }
            guard id == nil || type != nil else { throw ValidationError("--id: give the aggregate's --type too") }
            guard (1...OperationsLimits.replayRowsPerSecond).contains(rate) else {
                throw ValidationError("--rate: \(rate) is not in 1...\(OperationsLimits.replayRowsPerSecond)")
            }
        }

        func run() throws {
            let desk = try options.open()
            var filter = EventFilter()
            (filter.fromId, filter.toId, filter.aggregateType, filter.aggregateId) = (from, to, type, id)
            filter.since = try since.map { try options.moment($0, "--since", desk) }
            filter.until = try until.map { try options.moment($0, "--until", desk) }
            let preview = try desk.previewReplay(filter)
            guard consent.dryRun || preview.rows > 0 || preview.isMore else {
                report("no published row matches")
                throw ExitCode.failure
            }
            guard try consent.allows(preview, options) else { return }
            let replay = try desk.beginReplay(filter, rowsPerSecond: rate, reason: consent.why)
            report("replay \(replay.replayId) begins; outboxctl replay stop \(replay.replayId) --reason ... ends it")
            try ReplayCommand.follow(replay, options)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a replay: how far it is, or its receipt.")
        @Argument(help: "The number of the replay; by default the newest one.")
        var replay: Int64?
        @Flag(help: "Show it again and again until it is over.")
        var watch = false
        @OptionGroup var options: DeskOptions

        func run() throws {
            let desk = try options.open()
            guard let found = try replay.map({ try desk.replay($0) }) ?? desk.replays().first else {
                throw ReplayCommand.noSuch(replay)
            }
            if watch, found.endedAt == nil { return try ReplayCommand.watch(found, desk, options) }
            try options.show(found) { say(ReplayText.line(found)) }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists replays, newest first.")
        @OptionGroup var options: DeskOptions

        func run() throws {
            let replays = try options.reading { try $0.replays() }
            try options.show(replays) {
                if replays.isEmpty { return print("no replays") }
                for replay in replays { say(ReplayText.line(replay)) }
            }
        }
    }

    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a replay behind the rows that are being copied.")
        @Argument(help: "The number of the replay.")
        var replay: Int64
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var options: DeskOptions

        func run() throws {
            let desk = try options.open()
            guard let preview = try desk.previewStopReplay(replay) else { throw ReplayCommand.noSuch(replay) }
            guard try consent.allows(preview, options) else { return }
            let receipt = try desk.stopReplay(replay, reason: consent.why)
            try options.show(receipt) { print(receipt.summary) }
        }
    }

    struct Continue: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Goes on with a replay that was interrupted.")
        @Argument(help: "The number of the replay.")
        var replay: Int64
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var options: DeskOptions

        func run() throws {
            let desk = try options.open()
            guard let found = try desk.replay(replay), let preview = try desk.previewContinueReplay(replay) else {
                throw ReplayCommand.noSuch(replay)
            }
            guard try consent.allows(preview, options) else { return }
            _ = try desk.continueReplay(replay, reason: consent.why)
            try ReplayCommand.follow(found, options)
        }
    }

    private static func noSuch(_ id: Int64?) -> ExitCode {
        report(id.map { "there is no replay \($0)" } ?? "no replays")
        return .failure
    }
}
