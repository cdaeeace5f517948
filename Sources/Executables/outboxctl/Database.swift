import Logging
import Postgres
import Runtime

/// The database that the environment names.
enum Database {
    /// How long the statements of a command may take.
    enum Patience {
        /// Some rows are read or changed.
        case short
        /// Building an index, waiting for another runner's migrations and changing a large outbox have no time limit.
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
        do {
            return try PostgresConnection(configuration(as: command, patience, keepsSession: keepsSession))
        } catch {
            if error.code == .pooler {
                ServiceProcess.refuse(ConfigurationError("DATABASE_URL", error.message), name: command)
            }
            throw error
        }
    }

    /// The same for connections that are made elsewhere.
    static func configuration(
        as command: String, _ patience: Patience = .unlimited, keepsSession: Bool = false
    ) -> PostgresConfiguration {
        let environment = EnvironmentReader(StackAddresses.environment)
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
        return configuration
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
