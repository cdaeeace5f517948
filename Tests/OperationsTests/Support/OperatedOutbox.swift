import Kafka
import Outbox
import OutboxKafka
import Postgres
import TestKit

@testable import Operations

/// A fresh migrated database, a Kafka, and relays between them.
struct OperatedOutbox: Sendable {
    /// Larger payloads are refused by the producer, and their keys parked.
    static let largestMessage = 1_000

    let postgres: PostgresConfiguration
    let kafka: TestKafka

    init() async throws {
        postgres = try await TestPostgres.configuration()
        kafka = try await onThread { try TestKafka() }
    }

    func connect() throws -> PostgresConnection { try PostgresConnection(postgres) }

    func desk(hidesPayloads: Bool = false) throws -> OperatorDesk {
        try OperatorDesk(connect(), hidesPayloads: hidesPayloads, caller: "ada")
    }

    /// The topic of an aggregate type.
    func topic(_ type: String) -> String { kafka.name(type) }

    func relay(_ name: String = "test") throws -> Relay {
        var configuration = RelayConfiguration(postgres: postgres, name: name)
        configuration.retention = nil
        // A pause is noticed within a third of it.
        configuration.lease = .seconds(1)
        var settings = kafka.configuration
        settings["message.max.bytes"] = "\(Self.largestMessage)"
        var publisher = KafkaPublisherConfiguration(kafka: settings)
        guard let topic = TopicTemplate(kafka.name("{aggregate_type}")) else { throw TestFailure("no topic") }
        publisher.topic = topic
        publisher.checkpointTopic = kafka.name("checkpoints")
        return try Relay(configuration, factory: KafkaPublisherFactory(publisher), logger: silence)
    }

    /// Runs a relay while `body` runs on a thread of its own, then stops it.
    func withRelay<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        let relay = try relay()
        async let running: Void = relay.run()
        do {
            let result = try await onThread { try body(connect()) }
            relay.stop()
            try await running
            return result
        } catch {
            relay.stop()
            try? await running
            throw error
        }
    }

    /// Parks a key by a first row that is too large; returns the ids of its rows.
    func park(_ id: String, rows: Int = 3) async throws -> [Int64] {
        try await withRelay { connection in
            let size = Self.largestMessage * 2
            for sequence in 0..<rows {
                try connection.append(
                    "letter", id, Int64(sequence), payload: sequence == 0 ? "repeat('x', \(size))" : "'behind'")
            }
            try connection.waits(
                for: "(SELECT count(*) FROM outbox_relay.held WHERE aggregate_id = '\(id)') = \(rows)")
            return try connection.ids(of: id)
        }
    }

    /// The records of a topic, in the order of their offsets.
    func records(_ type: String) throws -> [KafkaRecord] {
        try KafkaTopicReader(kafka.configuration, topic: topic(type)).records(within: .seconds(20))
    }
}

extension PostgresConnection {
    /// - Parameter payload: SQL of a text.
    func append(
        _ type: String, _ id: String, _ sequence: Int64, payload: String = "'x'", headers: String = "NULL"
    ) throws {
        try execute(
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload, headers)
            VALUES ('\(type)', '\(id)', \(sequence), '\(type)_sent', convert_to(\(payload), 'UTF8'), \(headers))
            """)
    }

    func ids(of id: String) throws -> [Int64] {
        let rows = try query(
            PostgresStatement("SELECT outbox_id FROM outbox WHERE aggregate_id = '\(id)' ORDER BY outbox_id"))
        return try (0..<rows.count).map { try rows.int64($0, 0) }
    }

    /// Blocks until a condition holds. It sleeps between the looks, in the server.
    func waits(for condition: String) throws {
        let statement = PostgresStatement("SELECT coalesce((SELECT \(condition)), false)")
        let deadline = ContinuousClock.now + .seconds(60)
        while try !query(statement).bool(0, 0) {
            guard .now < deadline else { throw TestFailure("it did not come to: \(condition)") }
            try execute("SELECT pg_sleep(0.01)")
        }
    }

    /// Blocks until every row that was committed before is in Kafka or held.
    func waitsUntilDrained() throws {
        try waits(for: "unpublished_rows = 0 FROM outbox_state")
    }
}
