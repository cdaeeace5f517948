import Postgres
import Runtime

/// The database that the environment names, for subcommands.
enum CommandDatabase {
    /// No statement deadline: building an index takes as long as it takes.
    static func connect(_ command: String) throws -> PostgresConnection {
        let environment = EnvironmentReader()
        let url = environment.databaseURL(fault: PostgresURL.fault)
        do {
            try environment.finish()
        } catch {
            ServiceProcess.refuse(error, name: "outbox-relay \(command)")
        }
        var configuration = PostgresConfiguration(url: url, applicationName: "outbox-relay \(command)")
        configuration.readWriteOnly = true
        configuration.statementDeadline = nil
        // A pooler would hand what is prepared on to others.
        configuration.preparesStatements = false
        return try PostgresConnection(configuration)
    }
}
