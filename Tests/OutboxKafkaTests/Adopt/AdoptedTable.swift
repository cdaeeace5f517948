import Kafka
import Outbox
import OutboxAdoption
import Postgres
import TestKit

@testable import OutboxKafka

/// An adopted table with two extra columns, and a Kafka to forward it to.
struct AdoptedTable: Sendable {
    let postgres: PostgresConfiguration
    let kafka: TestKafka
    let publisher: KafkaPublisherConfiguration

    init(
        payload: String, on given: TestKafka? = nil,
        _ change: (inout KafkaPublisherConfiguration, TestKafka) throws -> Void = { _, _ in }
    )
        async throws
    {
        let postgres = PostgresConfiguration(url: try await TestPostgres.emptyDatabase(), applicationName: "tests")
        self.postgres = postgres
        let kafka = try given ?? TestKafka()
        self.kafka = kafka
        var publisher = KafkaPublisherConfiguration(kafka: kafka.configuration)
        publisher.topic = try Self.template(kafka, "{aggregate_type}")
        try change(&publisher, kafka)
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

    /// A topic template whose topics no other test has.
    static func template(_ kafka: TestKafka, _ text: String) throws -> TopicTemplate {
        guard let template = TopicTemplate(kafka.name(text)) else { throw TestFailure("\(text) is no template") }
        return template
    }

    func execute(_ sql: String) async throws {
        let postgres = postgres
        try await onThread { try PostgresConnection(postgres).execute(sql) }
    }

    /// The first column of a query's only row.
    func text(_ sql: String) async throws -> String {
        let postgres = postgres
        return try await onThread {
            try PostgresConnection(postgres).query(PostgresStatement(sql)).string(0, 0)
        }
    }

    /// Relays until nothing waits any more, then reads the topic.
    ///
    /// - Parameters:
    ///   - settings: of the topic; a mock cluster has none.
    ///   - until: what to wait for instead, as a SELECT continues.
    func records(
        _ count: Int, topic: String = "invoice", settings: [String: String] = [:], parkedRetry: Duration? = nil,
        until condition: String? = nil
    ) async throws -> [KafkaRecord] {
        let (kafka, publisher) = (kafka, publisher)
        let name = try await onThread { try kafka.topic(topic, partitions: 4, settings: settings) }
        var configuration = RelayConfiguration(postgres: postgres, name: "test")
        configuration.parkedRetry = parkedRetry
        configuration.pollCeiling = .milliseconds(100)
        let relay = try Relay(
            configuration, factory: KafkaPublisherFactory(publisher), logger: silence)
        async let running: Void = relay.run()
        do {
            try await drain(postgres, condition)
        } catch {
            relay.stop()
            try? await running
            throw error
        }
        relay.stop()
        try await running
        return try await onThread {
            try KafkaTopicReader(kafka.configuration, topic: name).records(within: .seconds(30))
        }
    }

    private func drain(_ postgres: PostgresConfiguration, _ condition: String?) async throws {
        try await onThread {
            let connection = try PostgresConnection(postgres)
            let limit = ContinuousClock.now + .seconds(60)
            let isDrained = PostgresStatement(
                condition.map { "SELECT \($0)" } ?? """
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
