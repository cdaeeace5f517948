import ArgumentParser
import Operations

/// Builds the read model anew.
struct RebuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Builds the read model anew from the event store, beside the live one, and then replaces it.",
        discussion: """
            A projector does it, between the batches that it applies. The live read model goes on and is read until \
            one transaction puts the new one in its place; the receipt says how the old one differed from the events. \
            There must be room for a second read model on the disk.

            The command may be ended: the projector goes on, also after a restart. outboxctl rebuild stop gives a \
            rebuild up and leaves the read model as it is.

            Ends with status 7 if --watch or show find that no projector is at work.

            Examples:
              outboxctl rebuild --reason "rows were edited by hand" --watch
              outboxctl rebuild --rate 500 --yes --reason "a new column"
              outboxctl rebuild show --watch
            """,
        subcommands: [Start.self, Show.self, List.self, Stop.self], defaultSubcommand: Start.self)

    /// The exit code when nobody works on it.
    private static let idle: Int32 = 7
    /// How long a projector may take to notice a rebuild: it looks every five seconds.
    private static let patience = Duration.seconds(30)

    /// Shows how far a rebuild is until it is over.
    static func follow(_ rebuildId: Int64, _ desk: OperatorDesk, _ options: DeskOptions) throws {
        var deadline = ContinuousClock.now + patience
        while let now = try desk.rebuild(rebuildId) {
            if now.endedAt != nil { return try options.show(now) { RebuildText.printed(now) } }
            if now.isRunning { deadline = .now + patience }
            guard .now < deadline else {
                report("\(RebuildText.line(now)): no projector is at work; is one running, and can it reach Kafka?")
                throw ExitCode(idle)
            }
            report(RebuildText.line(now))
            try Pace.pause(.seconds(1))
        }
    }

    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Asks for a rebuild.")

        @Option(help: "Orders read in a second, 1 to 1000000.")
        var rate = OperationsLimits.usualRebuildRate
        @Flag(help: "Wait for the end, and show how far it is.")
        var watch = false
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var options: DeskOptions

        func validate() throws {
            guard (1...OperationsLimits.rebuildOrdersPerSecond).contains(rate) else {
                throw ValidationError("--rate: \(rate) is not in 1...\(OperationsLimits.rebuildOrdersPerSecond)")
            }
        }

        func run() throws {
            let desk = try options.open()
            guard try consent.allows(try desk.previewRebuild(), options) else { return }
            let rebuild = try desk.beginRebuild(ordersPerSecond: rate, reason: consent.why)
            if watch {
                let stop = "outboxctl rebuild stop \(rebuild.rebuildId) --reason ..."
                report("rebuild \(rebuild.rebuildId) is asked for; \(stop) ends it")
                return try RebuildCommand.follow(rebuild.rebuildId, desk, options)
            }
            try options.show(rebuild) {
                print("rebuild \(rebuild.rebuildId) is asked for: outboxctl rebuild show --watch")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a rebuild: how far it is, or its receipt.")
        @Argument(help: "The number of the rebuild; by default the newest one.")
        var rebuild: Int64?
        @Flag(help: "Show it again and again until it is over.")
        var watch = false
        @OptionGroup var options: DeskOptions

        func run() throws {
            let desk = try options.open()
            guard let found = try rebuild.map({ try desk.rebuild($0) }) ?? desk.rebuilds().first else {
                report(rebuild.map { "there is no rebuild \($0)" } ?? "no rebuilds")
                throw ExitCode.failure
            }
            if watch { return try RebuildCommand.follow(found.rebuildId, desk, options) }
            try options.show(found) { RebuildText.printed(found) }
            if found.endedAt == nil, found.startedAt != nil, !found.isRunning { throw ExitCode(idle) }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists rebuilds, newest first.")
        @OptionGroup var options: DeskOptions

        func run() throws {
            let rebuilds = try options.reading { try $0.rebuilds() }
            try options.show(rebuilds) {
                if rebuilds.isEmpty { return print("no rebuilds") }
                for rebuild in rebuilds { say(RebuildText.line(rebuild)) }
            }
        }
    }

    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a rebuild up; the read model stays as it is.")
        @Argument(help: "The number of the rebuild.")
        var rebuild: Int64
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var options: DeskOptions

        func run() throws {
            let desk = try options.open()
            guard let preview = try desk.previewStopRebuild(rebuild) else {
                report("there is no rebuild \(rebuild)")
                throw ExitCode.failure
            }
            guard try consent.allows(preview, options) else { return }
            let receipt = try desk.stopRebuild(rebuild, reason: consent.why)
            try options.show(receipt) { print(receipt.summary) }
        }
    }
}
