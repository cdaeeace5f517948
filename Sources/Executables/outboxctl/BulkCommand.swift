import ArgumentParser
import Operations

/// Looks after decisions about many keys.
struct BulkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk",
        abstract: "Shows and stops bulk actions: release, skip and edit with a filter begin them.",
        discussion: """
            The server does a bulk action, a hundred keys at a time, also when the command that began it has ended. \
            outboxctl bulk continue goes on with one that a crash of Postgres interrupted.

            Examples:
              outboxctl skip --error MSG_SIZE_TOO_LARGE --dry-run
              outboxctl bulk list
              outboxctl bulk show 3 --watch
              outboxctl bulk stop 3 --reason "the topic is gone again"
            """,
        subcommands: [List.self, Show.self, Stop.self, Continue.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists bulk actions, newest first.")
        @OptionGroup var options: DeskOptions

        func run() throws {
            let bulks = try options.reading { try $0.bulks() }
            try options.show(bulks) {
                if bulks.isEmpty { return print("no bulk actions") }
                for bulk in bulks { say(BulkText.line(bulk)) }
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a bulk action: how far it is, or its receipt.")
        @Argument(help: "The number of the bulk action; by default the newest one.")
        var bulk: Int64?
        @Flag(help: "Show it again and again until it is over.")
        var watch = false
        @OptionGroup var options: DeskOptions

        func run() throws {
            let desk = try options.open()
            var found = try BulkCommand.find(bulk, desk)
            if watch, found.endedAt == nil { found = try BulkRunner.watch(found, desk) }
            try options.show(found) { say(BulkText.line(found)) }
        }
    }

    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a bulk action behind the keys that are being changed.")
        @Argument(help: "The number of the bulk action.")
        var bulk: Int64
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var options: DeskOptions

        func run() throws {
            let desk = try options.open()
            guard let preview = try desk.previewStopBulk(bulk) else { throw BulkCommand.noSuch(bulk) }
            guard try consent.allows(preview, options) else { return }
            let receipt = try desk.stopBulk(bulk, reason: consent.why)
            try options.show(receipt) { print(receipt.summary) }
        }
    }

    struct Continue: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Goes on with a bulk action that was interrupted.")
        @Argument(help: "The number of the bulk action.")
        var bulk: Int64
        @OptionGroup var consent: ConsentOptions
        @OptionGroup var options: DeskOptions

        func run() throws {
            let desk = try options.open()
            guard let preview = try desk.previewContinueBulk(bulk) else { throw BulkCommand.noSuch(bulk) }
            guard try consent.allows(preview, options) else { return }
            _ = try desk.continueBulk(bulk, reason: consent.why)
            let done = try BulkRunner.follow(try BulkCommand.find(bulk, desk), options)
            try options.show(done) { say(BulkText.line(done)) }
        }
    }

    private static func find(_ id: Int64?, _ desk: OperatorDesk) throws -> Bulk {
        guard let found = try id.map({ try desk.bulk($0) }) ?? desk.bulks().first else { throw noSuch(id) }
        return found
    }

    private static func noSuch(_ id: Int64?) -> ExitCode {
        report(id.map { "there is no bulk action \($0)" } ?? "no bulk actions")
        return .failure
    }
}
