import ArgumentParser
import Kafka
import Outbox
import Postgres
import Runtime

/// The operator's tool.
@main
struct OutboxCtl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outboxctl",
        abstract: "Sets an outbox up, and looks after the outbox and its relay.",
        discussion: "The database comes from DATABASE_URL (or DATABASE_URL_FILE), else from libpq's PG* variables.",
        version: "outboxctl 0.1.0",
        subcommands: [
            MigrateCommand.self, UpgradeCommand.self, AdoptCommand.self, RoleCommand.self, TopicCommand.self,
            OutboxCommand.self,
        ])

    /// Prints the message of an error without its code, which is for logs.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as OutboxError {
            exit(withError: ShownError(description: error.message))
        } catch let error as KafkaError {
            exit(withError: ShownError(description: error.message))
        } catch {
            exit(withError: error)
        }
    }

    private struct ShownError: Error, CustomStringConvertible { var description: String }
}

/// What concerns the outbox and its relay.
struct OutboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Shows the keys that Kafka refused, and decides about them.",
        subcommands: [
            ParkedCommand.self, ExplainCommand.self, ReleaseCommand.self, SkipCommand.self, RebaseCommand.self,
        ])
}

/// The database that the environment names.
enum Database {
    /// - Parameter command: for messages and for `pg_stat_activity`.
    static func connect(as command: String = "outboxctl") throws -> PostgresConnection {
        let environment = EnvironmentReader()
        let url = environment.databaseURL(fault: PostgresURL.fault)
        do {
            try environment.finish()
        } catch {
            ServiceProcess.refuse(error, name: command)
        }
        var configuration = PostgresConfiguration(url: url, applicationName: command)
        configuration.readWriteOnly = true
        // Building an index, waiting for another runner's migrations and reading a large outbox have no time limit.
        configuration.statementDeadline = nil
        // A pooler would hand prepared statements on to other clients.
        configuration.preparesStatements = false
        return try PostgresConnection(configuration)
    }
}
