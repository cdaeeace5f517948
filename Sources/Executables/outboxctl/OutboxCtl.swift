import ArgumentParser
import Kafka
import Logging
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
    /// How long the statements of a command may take.
    enum Patience {
        /// Some rows are read or changed.
        case short
        /// Building an index, waiting for another runner's migrations and changing a large outbox have no time limit,
        /// as long as Postgres says that it works on them.
        case unlimited
    }

    private static let shortDeadline = Duration.seconds(30)
    private static let late = Duration.seconds(10)

    /// - Parameters:
    ///   - command: for messages and for `pg_stat_activity`.
    ///   - keepsSession: whether the command holds a lock of its session, so that a transaction pooler is refused.
    static func connect(
        as command: String = "outboxctl", _ patience: Patience = .unlimited, keepsSession: Bool = false
    ) throws -> PostgresConnection {
        let environment = EnvironmentReader()
        let url = environment.databaseURL(fault: PostgresURL.fault)
        do {
            try environment.finish()
        } catch {
            ServiceProcess.refuse(error, name: command)
        }
        var configuration = PostgresConfiguration(url: url, applicationName: command)
        configuration.readWriteOnly = true
        configuration.statementDeadline = patience == .short ? shortDeadline : nil
        configuration.watchesSilence = patience == .unlimited
        configuration.lateAfter = late
        // A pooler would hand prepared statements on to other clients.
        configuration.preparesStatements = false
        configuration.refusesTransactionPooler = keepsSession
        configuration.logger = Logger(label: command) { StreamLogHandler.standardError(label: $0) }
        do {
            return try PostgresConnection(configuration)
        } catch {
            if error.code == .pooler {
                ServiceProcess.refuse(ConfigurationError("DATABASE_URL", error.message), name: command)
            }
            throw error
        }
    }

    /// Runs a read, and once more on a new connection if the connection turns out to be lost.
    ///
    /// - Parameter body: must only read: it may run twice.
    static func reading<T>(
        as command: String = "outboxctl", _ body: (PostgresConnection) throws -> T
    ) throws -> T {
        do {
            return try body(connect(as: command, .short))
        } catch let error as PostgresError where error.isConnectionLost && error.code != .deadline {
            return try body(connect(as: command, .short))
        }
    }
}
