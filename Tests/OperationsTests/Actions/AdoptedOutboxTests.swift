import Kafka
import Outbox
import OutboxAdoption
import OutboxKafka
import Postgres
import TestKit
import Testing

@testable import Operations

/// A table of another team, with a relay's schema whose name has to be quoted.
private struct AdoptedOutbox: Sendable {
    static let schema = "Billing relay"
    static let largestMessage = 1_000

    let postgres: PostgresConfiguration
    let kafka: TestKafka

    init() async throws {
        let postgres = PostgresConfiguration(url: try await TestPostgres.emptyDatabase(), applicationName: "tests")
        self.postgres = postgres
        kafka = try await onThread { try TestKafka() }
        try await onThread {
            let connection = try PostgresConnection(postgres)
            try connection.execute(
                """
                CREATE SCHEMA app;
                CREATE TABLE app.outbox (
                    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), aggregatetype text NOT NULL,
                    aggregateid text NOT NULL, type text NOT NULL, payload jsonb, tenant text)
                """)
            var options = AdoptionOptions(table: "app.outbox")
            options.schema = Self.schema
            _ = try Adoption(connection, options).apply { _ in }
        }
    }

    func connect() throws -> PostgresConnection { try PostgresConnection(postgres) }

    func desk() throws -> OperatorDesk { try OperatorDesk(connect(), schema: Self.schema, caller: "ada") }

    /// A row; a large one is refused by the producer.
    func insert(_ id: String, _ text: String, isLarge: Bool = false) throws {
        let filler = isLarge ? "repeat('x', \(2 * Self.largestMessage))" : "''"
        try connect().execute(
            """
            INSERT INTO app.outbox (aggregatetype, aggregateid, type, payload, tenant)
            VALUES ('bill', '\(id)', 'sent', jsonb_build_object('text', '\(text)', 'filler', \(filler)), 'us')
            """)
    }

    func withRelay<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        var configuration = RelayConfiguration(postgres: postgres, name: "test")
        configuration.schema = Self.schema
        configuration.retention = nil
        var settings = kafka.configuration
        settings["message.max.bytes"] = "\(Self.largestMessage)"
        var publisher = KafkaPublisherConfiguration(kafka: settings)
        guard let topic = TopicTemplate(kafka.name("{aggregate_type}")) else { throw TestFailure("no topic") }
        publisher.topic = topic
        publisher.checkpointTopic = kafka.name("checkpoints")
        let relay = try Relay(configuration, factory: KafkaPublisherFactory(publisher), logger: silence)
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

    /// The keys `a` to `c`, each with a row that is refused and one behind it.
    func park() async throws {
        try await withRelay { connection in
            for id in ["a", "b", "c"] {
                try insert(id, "first", isLarge: true)
                try insert(id, "second")
            }
            try connection.waits(for: "(SELECT count(*) FROM \"\(Self.schema)\".held) = 6")
        }
    }

    func ids(_ id: String) throws -> [Int64] {
        let rows = try connect().query(
            "SELECT outbox_id FROM app.outbox WHERE aggregateid = $1 ORDER BY outbox_id", [.text(id)])
        return try (0..<rows.count).map { try rows.int64($0, 0) }
    }
}

/// Operators of adopted tables have the same actions.
@Suite struct AdoptedOutboxTests {
    @Test func rowsAreReleasedSkippedAndEditedOneByOneAndInBulk() async throws {
        let outbox = try await AdoptedOutbox()
        try await outbox.park()
        try await onThread {
            let desk = try outbox.desk()
            #expect(try desk.parkedKeys().keys.map(\.aggregateId) == ["a", "b", "c"])
            _ = try desk.skip([outbox.ids("a")[0]], reason: "too large")
            _ = try desk.edit(
                outbox.ids("b")[0], payload: Array(#"{"text": "shorter"}"#.utf8), headers: ["tenant": "eu"],
                reason: "too large")
            var filter = ParkedFilter(aggregateType: "bill", aggregateId: "c")
            filter.errorContains = "MSG_SIZE"
            let edit = try desk.beginBulk(
                .edit(set: ["mended": "yes"], remove: ["tenant"]), filter, rows: .all, reason: "a header")
            try outbox.desk().runBulk(edit.bulkId)
            let table = "\"\(AdoptedOutbox.schema)\".bulk"
            try outbox.connect().waits(for: "ended_at IS NOT NULL FROM \(table) WHERE bulk_id = \(edit.bulkId)")
            #expect(try desk.bulk(edit.bulkId)?.rows == 2)
            _ = try desk.skip([outbox.ids("c")[0]], reason: "too large")
            #expect(try desk.release(ParkedFilter(aggregateType: "bill", aggregateId: "a"), reason: "one").keys == 1)
            let release = try desk.beginBulk(.release, ParkedFilter(), reason: "the others")
            try outbox.desk().runBulk(release.bulkId)
            try outbox.connect().waits(for: "ended_at IS NOT NULL FROM \(table) WHERE bulk_id = \(release.bulkId)")
            #expect(try desk.bulk(release.bulkId)?.keys == 2)
        }
        try await outbox.withRelay { try $0.waits(for: "NOT EXISTS (SELECT FROM \"\(AdoptedOutbox.schema)\".parked)") }
        try await onThread {
            let records = try KafkaTopicReader(outbox.kafka.configuration, topic: outbox.kafka.name("bill"))
                .records(within: .seconds(20))
            let shown = records.map { record in
                let text = String(decoding: record.value ?? [], as: UTF8.self)
                let word = ["first", "second", "shorter"].first { text.contains("\"\($0)\"") } ?? text
                return "\(record.keyText ?? "") \(word) \(record.headerText("tenant") ?? "-") "
                    + "\(record.headerText("mended") ?? "-")"
            }
            #expect(shown.sorted() == ["a second us -", "b second us -", "b shorter eu -", "c second - yes"])
            // The order of a key is kept.
            #expect(shown.filter { $0.hasPrefix("b") } == ["b shorter eu -", "b second us -"])
            // Each bulk action is a decision of its own, besides those about its rows.
            let actions = try outbox.desk().decisions().filter { $0.caller == "ada" }.map(\.action)
            #expect(actions.count == 9, "\(actions)")
        }
    }

    @Test func aReplayThatCannotCopyIsRefusedWithTheWayOut() async throws {
        let outbox = try await AdoptedOutbox()
        try await onThread {
            try outbox.insert("a", "x")
            var filter = EventFilter()
            filter.aggregateType = "bill"
            #expect { _ = try outbox.desk().previewReplay(filter) } throws: {
                "\($0)".contains("computes sequence_number, payload, headers")
                    && "\($0)".contains("rebase --republish-since")
            }
            #expect { _ = try outbox.desk().beginReplay(filter, rowsPerSecond: 1, reason: "x") } throws: {
                "\($0)".contains("computes sequence_number, payload, headers")
            }
        }
    }

    @Test func aRebuildNeedsTheReadModelOfOrders() async throws {
        let outbox = try await AdoptedOutbox()
        try await onThread {
            let desk = try outbox.desk()
            #expect { _ = try desk.rebuilds() } throws: { "\($0)".contains("no read model of orders") }
        }
    }
}
