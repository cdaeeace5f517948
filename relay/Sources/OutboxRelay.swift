import ArgumentParser

/// The relay's command line: it runs, or checks its settings.
@main
struct OutboxRelay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox-relay",
        abstract: "Forwards the rows of a transactional outbox in Postgres to Kafka, in order.",
        discussion: """
            All settings come from the environment; relay/README.md lists them. Required is KAFKA_BOOTSTRAP_SERVERS; \
            DATABASE_URL names the database.

            Another program, outboxctl, adopts a table, makes the relay's role, and decides about keys that
            Kafka refused.
            """,
        version: "outbox-relay 0.1.0")

    @Flag(help: "Check the settings, connecting to nothing; ends with status 0, or 78 and a line for each fault.")
    var checkConfig = false

    @Argument(help: .hidden)
    var unexpected: [String] = []

    static func main() async {
        OutboxctlAliases.runIfMoved(Array(CommandLine.arguments.dropFirst()))
        await main(nil)
    }

    func validate() throws {
        guard let first = unexpected.first else { return }
        throw ValidationError(checkConfig ? "--check-config takes no argument" : "unknown argument '\(first)'")
    }

    func run() async throws {
        if checkConfig { return RelayProcess.checkConfiguration() }
        await RelayProcess.run()
    }
}
