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
              outboxctl bulk stop 3
            """,
        subcommands: [List.self, Show.self, Stop.self, Continue.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists bulk actions, newest first.")
        @OptionGroup var options: DeskOptions

        func run() throws {
            let bulks = try options.reading { try $0.bulks() }
            try options.show(bulks) {
                if bulks.isEmpty { return print("no bulk actions") }
                for bulk in bulks { print(BulkText.line(bulk)) }
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a bulk action: how far it is, or its receipt.")
        @Argument(help: "The number of the bulk action.")
        var bulk: Int64
        @OptionGroup var options: DeskOptions

        func run() throws {
            let found = try BulkCommand.find(bulk, options)
            try options.show(found) { print(BulkText.line(found)) }
        }
    }

    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a bulk action behind the keys that are being changed.")
        @Argument(help: "The number of the bulk action.")
        var bulk: Int64
        @OptionGroup var options: DeskOptions

        func run() throws {
            try options.acting { try $0.stopBulk(bulk) }
            let stopped = try BulkCommand.find(bulk, options)
            try options.show(stopped) { print("bulk action \(bulk) is asked to stop") }
        }
    }

    struct Continue: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Goes on with a bulk action that was interrupted.")
        @Argument(help: "The number of the bulk action.")
        var bulk: Int64
        @OptionGroup var options: DeskOptions

        func run() throws {
            var found = try BulkCommand.find(bulk, options)
            if found.endedAt == nil, !found.isRunning { found = try BulkRunner.follow(found, options) }
            try options.show(found) { print(BulkText.line(found)) }
        }
    }

    private static func find(_ id: Int64, _ options: DeskOptions) throws -> Bulk {
        guard let found = try options.reading({ try $0.bulk(id) }) else {
            report("there is no bulk action \(id)")
            throw ExitCode.failure
        }
        return found
    }
}
