import Postgres
import Runtime

/// The database that the environment names.
enum Database {
    static func connect() throws -> PostgresConnection {
        let environment = EnvironmentReader()
        let url = environment.databaseURL(fault: PostgresURL.fault)
        do {
            try environment.finish()
        } catch {
            ServiceProcess.refuse(error, name: "outboxctl")
        }
        var configuration = PostgresConfiguration(url: url, applicationName: "outboxctl")
        configuration.readWriteOnly = true
        // Waiting for another runner's migrations, or reading a large outbox, may take its time.
        configuration.statementDeadline = nil
        // A pooler would hand what is prepared on to others.
        configuration.preparesStatements = false
        return try PostgresConnection(configuration)
    }
}
