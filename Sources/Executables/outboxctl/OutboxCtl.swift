import ArgumentParser

/// The operator's tool. One file per subcommand.
@main
struct OutboxCtl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outboxctl",
        abstract: "Looks after the event store, its outbox and the relay.",
        discussion: "The database comes from DATABASE_URL (or DATABASE_URL_FILE), else from libpq's PG* variables.",
        subcommands: [MigrateCommand.self, OutboxCommand.self])
}
