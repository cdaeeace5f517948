import EventStore
import Kafka
import Operations
import Orders
import Outbox
import OutboxKafka
import Postgres
import TestKit
import Testing
import Values

@testable import Verify

/// A fresh migrated database and a Kafka of its own, with orders that can be published and projected.
struct VerifiedOutbox: Sendable {
    let postgres: PostgresConfiguration
    let kafka: TestKafka

    init(_ kafka: TestKafka? = nil) async throws {
        postgres = try await TestPostgres.configuration()
        self.kafka = try await onThread { try kafka ?? TestKafka() }
    }

    static let details: OrderDetails = {
        guard let price = Money(cents: 4_999) else { preconditionFailure("a price") }
        return OrderDetails(
            customerID: "ada", vendorID: "vendor", productID: "product", quantity: 2, totalPrice: price,
            paymentMethod: "CREDIT_CARD")
    }()

    static let life: [OrderEvent] = [.placed(details), .paymentInitiated, .paid]

    func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        let postgres = postgres
        return try await onThread { try body(PostgresConnection(postgres)) }
    }

    func execute(_ sql: String) async throws { try await run { try $0.execute(sql) } }

    var template: String { kafka.name("{aggregate_type}") }
    /// A topic that the template can name.
    private var checkpointTopic: String { kafka.name("checkpoints") }

    // MARK: Content

    /// Appends events and their rows as the event store does.
    func order(_ id: String, _ events: [OrderEvent] = life) async throws {
        try await run { connection in
            for (sequence, event) in events.enumerated() {
                let now = try connection.query("SELECT clock_timestamp()").timestampMicroseconds(0, 0)
                let (type, bytes) = try EventCodec.encode(event, orderID: id, at: now)
                try connection.query(
                    """
                    WITH e AS (
                        INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type,
                                           event_data, created_at)
                        VALUES (gen_random_uuid(), $1, $2, 'order', $3, $4, $5) RETURNING *)
                    INSERT INTO outbox (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload,
                                        created_at)
                    SELECT event_id, aggregate_type, aggregate_id, sequence_number, event_type, event_data, created_at
                    FROM e
                    """,
                    [
                        .text(id), .int8(Int64(sequence)), .text(type.rawValue), .bytea(bytes),
                        .timestamp(microsecondsSince1970: now),
                    ])
            }
        }
    }

    /// Runs a relay until nothing waits.
    func publish() async throws {
        var configuration = RelayConfiguration(postgres: postgres, name: "test")
        configuration.retention = nil
        var publisher = KafkaPublisherConfiguration(kafka: kafka.configuration)
        publisher.topic = try #require(TopicTemplate(template))
        publisher.checkpointTopic = checkpointTopic
        let relay = try Relay(configuration, factory: KafkaPublisherFactory(publisher), logger: silence)
        async let running: Void = relay.run()
        let outcome = await Result { try await waits("unpublished_rows = 0 FROM outbox_state") }
        relay.stop()
        try await running
        try outcome.get()
    }

    func waits(_ condition: String) async throws {
        try await run { connection in
            let statement = PostgresStatement("SELECT coalesce((SELECT \(condition)), false)")
            let deadline = ContinuousClock.now + .seconds(60)
            while try !connection.query(statement).bool(0, 0) {
                guard .now < deadline else { throw TestFailure("it did not come to: \(condition)") }
                try connection.execute("SELECT pg_sleep(0.01)")
            }
        }
    }

    /// Writes the read model's rows of orders that lived ``life``, and says that everything in Kafka is applied.
    func project() async throws {
        try await execute(
            """
            INSERT INTO order_projection
            SELECT aggregate_id, max(sequence_number), 'ada', 'vendor', 'product', 2, 4999, 'CREDIT_CARD', 3, 2, NULL,
                   NULL, min(created_at), max(created_at)
            FROM event GROUP BY aggregate_id
            """)
        try await applied()
    }

    /// Says that the read model has applied all records.
    func applied() async throws {
        let (postgres, configuration, topic) = (postgres, kafka.configuration, kafka.name("order"))
        try await onThread {
            let connection = try PostgresConnection(postgres)
            let reader = try KafkaTopicReader(configuration, topic: topic)
            let cluster = try KafkaConsumer(configuration, groupID: "test").clusterID(within: .seconds(10))
            for partition in try reader.partitions(within: .seconds(10)) {
                try connection.query(
                    """
                    WITH claimed AS (
                        INSERT INTO order_projection_claim (topic, partition, claim, cluster_id, member)
                        VALUES ($1, $2, 1, $3, 'test') ON CONFLICT DO NOTHING)
                    INSERT INTO order_projection_offset_0 (topic, partition, claim, next_offset) VALUES ($1, $2, 1, $4)
                    """,
                    [
                        .text(topic), .int4(partition.index), .text(cluster),
                        .int8(try reader.end(of: partition, within: .seconds(10))),
                    ])
            }
        }
    }

    /// What is committed counts as published from now on, as if a relay had done it.
    func pretendPublished() async throws {
        try await execute("UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot(), draining = NULL")
    }

    // MARK: Records

    /// Produces the record of a row, changed by the caller.
    func produce(
        _ id: String, _ sequence: Int64, key: String? = nil,
        _ change: @escaping @Sendable (inout [UInt8]) -> Void = { _ in }
    ) async throws {
        let (topic, configuration) = (kafka.name("order"), kafka.configuration)
        try await run { connection in
            let row = try connection.query(
                """
                SELECT event_id, event_type, payload FROM outbox WHERE aggregate_id = $1 AND sequence_number = $2
                """, [.text(id), .int8(sequence)])
            var payload = try row.bytes(0, 2)
            change(&payload)
            try Self.send(
                configuration, topic, key: key ?? id, payload,
                [
                    ("id", try row.uuid(0, 0).description), ("ce_type", try row.string(0, 1)),
                    ("ce_sequence", "\(sequence)"),
                ])
        }
    }

    /// Produces a record that no row made.
    func forge(_ id: String) async throws {
        let (topic, configuration) = (kafka.name("order"), kafka.configuration)
        try await onThread {
            try Self.send(configuration, topic, key: id, [1, 2, 3], [("id", UUIDBytes.v7().description)])
        }
    }

    private static func send(
        _ configuration: KafkaConfiguration, _ topic: String, key: String, _ value: [UInt8],
        _ headers: [(String, String)]
    ) throws {
        let producer = try KafkaProducer(configuration)
        let writer = KafkaHeaderWriter()
        for (name, value) in headers { writer.add(name: name, value) }
        let outcome = producer.produce(
            to: try producer.topic(topic), key: Array(key.utf8), value: value, headers: writer)
        guard outcome == .queued else { throw TestFailure("the record was not taken: \(outcome)") }
        guard producer.flush(producer.deliveryReader(), within: .seconds(20), { _ in }) else {
            throw TestFailure("the record was not acknowledged")
        }
    }

    // MARK: Audits

    func audit(_ change: (inout AuditRequest) -> Void = { _ in }) async throws -> AuditReport {
        var request = AuditRequest()
        request.topics = try #require(TopicTemplate(template))
        request.checkpointTopic = checkpointTopic
        change(&request)
        return try await Audit(request, postgres: postgres, kafka: kafka.memberConfiguration).run()
    }

    /// An audit finds these differences, and no others.
    @discardableResult
    func expect(_ expected: [DifferenceKind: Int], _ location: SourceLocation = #_sourceLocation) async throws
        -> AuditReport
    {
        let report = try await audit()
        let names = Dictionary(uniqueKeysWithValues: expected.map { ($0.key.rawValue, $0.value) })
        #expect(report.differences == names, "\(report.examples)", sourceLocation: location)
        return report
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
