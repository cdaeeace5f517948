import ArgumentParser

/// What concerns the outbox and its relay.
struct OutboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Looks into the outbox and decides about keys that Kafka refused.",
        subcommands: [
            ParkedCommand.self, ExplainCommand.self, ReleaseCommand.self, SkipCommand.self, RebaseCommand.self,
        ])
}
