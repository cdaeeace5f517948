import Logging
import OutboxAdoption
import Postgres
import TestKit

@testable import Outbox

/// A fresh migrated database, a topic, and relays for them.
struct TestOutbox: Sendable {
    let postgres: PostgresConfiguration
    let topic = MemoryTopic()
    var behaviour = MemoryPublisher.Behaviour()
    var guarantee = DeliveryGuarantee.atLeastOnce
    /// Set for relays behind a pooler.
    var pollInterval: Duration?

    init(_ guarantee: DeliveryGuarantee = .atLeastOnce) async throws {
        postgres = try await TestPostgres.configuration()
        self.guarantee = guarantee
    }

    /// On a server of its own: one that is crashed, or whose log has no other writer.
    init(on server: TestPostgres) async throws {
        let configuration = PostgresConfiguration(url: try await server.createDatabase(), applicationName: "tests")
        try await onThread {
            _ = try RelaySchemaUpgrade.migrate(directory: TestPaths.migrations, PostgresConnection(configuration))
        }
        postgres = configuration
    }

    var configuration: RelayConfiguration {
        var configuration = RelayConfiguration(postgres: postgres, name: "test")
        configuration.retention = nil
        configuration.guarantee = guarantee
        configuration.pollInterval = pollInterval
        return configuration
    }

    func relay(_ change: (inout RelayConfiguration) -> Void = { _ in }) throws -> Relay {
        var configuration = configuration
        change(&configuration)
        return try Relay(
            configuration, factory: MemoryPublisherFactory(topic: topic, behaviour: behaviour), logger: Self.quiet)
    }

    func connect() throws -> PostgresConnection { try PostgresConnection(postgres) }

    static let quiet: Logger = {
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        return logger
    }()
}

extension PostgresConnection {
    private static let insert: PostgresStatement =
        """
        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
        VALUES ('order', $1, $2, 'happened', 'x')
        """

    func insertRow(_ aggregate: String, _ sequence: Int64) throws {
        try query(Self.insert, [.text(aggregate), .int8(sequence)])
    }
}

/// Runs a relay while `body` runs, then stops it and waits for its end.
func withRelay<T: Sendable>(_ relay: Relay, _ body: () async throws -> T) async throws -> T {
    async let running: Void = relay.run()
    do {
        let result = try await body()
        relay.stop()
        try await running
        return result
    } catch {
        relay.stop()
        try? await running
        throw error
    }
}
