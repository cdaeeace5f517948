import Kafka
import Outbox
import Postgres
import TestKit

@testable import Messaging

/// An adopted table with two extra columns, and a Kafka to forward it to.
struct AdoptedTable: Sendable {
    let postgres: PostgresConfiguration
    let cluster: KafkaMockCluster
    let publisher: KafkaPublisherConfiguration

    init(payload: String, _ change: (inout KafkaPublisherConfiguration) -> Void = { _ in }) async throws {
        let postgres = PostgresConfiguration(url: try await TestPostgres.emptyDatabase(), applicationName: "tests")
        self.postgres = postgres
        cluster = try KafkaMockCluster()
        var publisher = KafkaPublisherConfiguration(kafka: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers))
        change(&publisher)
        self.publisher = publisher
        try await onThread {
            let connection = try PostgresConnection(postgres)
            try connection.execute(
                """
                CREATE SCHEMA app;
                CREATE TABLE app.outbox (
                    id uuid PRIMARY KEY, aggregatetype varchar(255) NOT NULL, aggregateid varchar(255) NOT NULL,
                    type varchar(255) NOT NULL, payload \(payload), tenant text, traceparent text);
                """)
            _ = try Adoption(connection, AdoptionOptions(table: "app.outbox")).apply { _ in }
        }
    }

    func execute(_ sql: String) async throws {
        let postgres = postgres
        try await onThread { try PostgresConnection(postgres).execute(sql) }
    }

    /// Relays until nothing waits any more, then reads the topic.
    func records(_ count: Int, topic: String = "outbox.event.invoice") async throws -> [KafkaRecord] {
        let relay = try Relay(
            RelayConfiguration(postgres: postgres, name: "test"), factory: KafkaPublisherFactory(publisher), logger: silence)
        async let running: Void = relay.run()
        do {
            try await drain(postgres)
        } catch {
            relay.stop()
            try? await running
            throw error
        }
        relay.stop()
        try await running
        let kafka = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        return try await onThread { try KafkaTopicReader(kafka, topic: topic).records(within: .seconds(30)) }
    }

    private func drain(_ postgres: PostgresConfiguration) async throws {
        try await onThread {
            let connection = try PostgresConnection(postgres)
            let limit = ContinuousClock.now + .seconds(60)
            let isDrained = PostgresStatement(
                """
                SELECT unpublished_rows = 0 AND (SELECT cut > 0 AND draining IS NULL FROM outbox_relay.checkpoint)
                FROM outbox_relay.outbox_state
                """)
            while try !connection.query(isDrained).bool(0, 0) {
                guard .now < limit else { throw TestFailure("the outbox is not drained") }
            }
        }
    }

    func parked() async throws -> [(String, String)] {
        let postgres = postgres
        return try await onThread {
            let rows = try PostgresConnection(postgres).query("SELECT aggregate_id, error FROM outbox_relay.parked")
            return try (0..<rows.count).map { (try rows.string($0, 0), try rows.string($0, 1)) }
        }
    }
}
