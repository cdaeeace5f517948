import Foundation
import Kafka
import Outbox
import OutboxKafka
import Postgres
import Runtime
import Testing
import Values

@testable import outbox_relay

/// Several outboxes of one process, as the environment describes them.
@Suite struct OutboxSettingsTests {
    private func settings(_ more: [String: String]) throws(ConfigurationError) -> RelaySettings {
        let common = ["DATABASE_URL": "postgresql://localhost/shop", "KAFKA_BOOTSTRAP_SERVERS": "one:9092"]
        return try RelaySettings(EnvironmentReader(common.merging(more) { $1 }))
    }

    private func complaint(_ more: [String: String]) -> String {
        do {
            _ = try settings(more)
            return "nothing"
        } catch {
            return error.description
        }
    }

    @Test func withoutAListThereIsOneWithoutAName() throws {
        let outbox = try #require(try settings([:]).outboxes.first)
        #expect(outbox.name == nil)
        #expect(outbox.relay.schema == "outbox_relay")
        #expect(outbox.publisher.kafka["bootstrap.servers"] == "one:9092")
    }

    @Test func aSuffixedVariableIsForItsOutboxAlone() throws {
        let outboxes = try settings([
            "RELAY_OUTBOXES": "orders, eu-billing", "DATABASE_URL__EU_BILLING": "postgresql://localhost/billing",
            "RELAY_TOPIC": "{aggregate_type}", "RELAY_TOPIC__EU_BILLING": "billing.{event_type}",
            "RELAY_RETENTION__ORDERS": "forever",
            "RELAY_LEASE": "20s", "KAFKA_BOOTSTRAP_SERVERS__EU_BILLING": "two:9092", "KAFKA_COMPRESSION_TYPE": "zstd",
            "RELAY_CLOUDEVENTS__ORDERS": "false",
        ]).outboxes
        #expect(outboxes.map(\.name) == ["orders", "eu-billing"])
        #expect(outboxes.map(\.relay.outbox) == ["orders", "eu-billing"])
        #expect(
            outboxes.map(\.relay.postgres.url) == ["postgresql://localhost/shop", "postgresql://localhost/billing"])
        #expect(outboxes.map(\.publisher.topic.text) == ["{aggregate_type}", "billing.{event_type}"])
        #expect(outboxes.map(\.relay.retention) == [nil, .seconds(86_400)])
        #expect(outboxes.map(\.relay.lease) == [.seconds(20), .seconds(20)])
        #expect(outboxes.map { $0.publisher.kafka["bootstrap.servers"] } == ["one:9092", "two:9092"])
        #expect(outboxes.map { $0.publisher.kafka["compression.type"] } == ["zstd", "zstd"])
        #expect(outboxes.map(\.publisher.addsCloudEvents) == [false, true])
    }

    /// The shared value and the own one may come in either way.
    @Test func secretsFromFilesAreSharedOrOwn() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "relay-secret-\(UUIDBytes.v7())")
        try "postgresql://localhost/filed\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let own = try settings([
            "RELAY_OUTBOXES": "a,b", "DATABASE_URL_FILE__B": file.path, "KAFKA_SASL_PASSWORD": "shared",
            "KAFKA_SASL_PASSWORD_FILE__B": file.path,
        ])
        #expect(
            own.outboxes.map(\.relay.postgres.url) == ["postgresql://localhost/shop", "postgresql://localhost/filed"])
        #expect(own.outboxes.map { $0.publisher.kafka["sasl.password"] } == ["shared", "postgresql://localhost/filed"])
        let shared = try settings([
            "RELAY_OUTBOXES": "a,b", "DATABASE_URL": "", "DATABASE_URL_FILE": file.path,
            "DATABASE_URL__A": "postgresql://localhost/own",
        ])
        #expect(
            shared.outboxes.map(\.relay.postgres.url) == ["postgresql://localhost/own", "postgresql://localhost/filed"])
    }

    @Test(arguments: [
        (
            ["RELAY_OUTBOXES": "orders,billing"],
            "orders and billing have the same database and schema: set RELAY_SCHEMA__BILLING"
        ),
        (["RELAY_OUTBOXES": "a,A", "RELAY_SCHEMA__A": "x"], "names an outbox twice"),
        (["RELAY_OUTBOXES": "a__b"], "'a__b' is no name"),
        (["RELAY_OUTBOXES": ","], "names 0 outboxes"),
        (
            ["RELAY_OUTBOXES": "a,b", "RELAY_SCHEMA__B": "b", "RELAY_LEASE__B": "5"],
            "RELAY_LEASE__B: '5' is not a duration"
        ),
        (
            ["RELAY_OUTBOXES": "a,b", "RELAY_SCHEMA__C": "c", "RELAY_SCHEMA__B": "b"],
            "RELAY_SCHEMA__C: unknown setting"
        ),
        (
            ["RELAY_OUTBOXES": "a,b", "DATABASE_URL__C": "x", "RELAY_SCHEMA__B": "b"],
            "DATABASE_URL__C: unknown setting"
        ),
        (["RELAY_OUTBOXES": "a", "RELAY_ADMIN_PORT__A": "1"], "RELAY_ADMIN_PORT__A: unknown setting"),
        (
            ["RELAY_OUTBOXES": "a,b", "RELAY_SCHEMA__B": "b", "KAFKA_ACKS__B": "most"],
            "KAFKA_ACKS__B: property \"acks\" is refused"
        ),
        (["RELAY_SCHEMA__B": "b"], "RELAY_SCHEMA__B: unknown setting"),
        (["DATABASE_URL": "nonsense"], "DATABASE_URL: is neither a URL"),
        (["DATABASE_URL": ""], "DATABASE_URL: is empty"),
        (["RELAY_OUTBOXES": "a,b", "DATABASE_URL__B": "postgresql://u:%ZZ@h"], "DATABASE_URL__B: cannot be read"),
        (
            ["RELAY_TOPIC": "bad topic {aggregate_type}"],
            "RELAY_TOPIC: 'bad topic {aggregate_type}' can be no topic's name"
        ),
        (["RELAY_TOPIC": ".."], "RELAY_TOPIC: '..' can be no topic's name"),
        (["RELAY_TOPIC": String(repeating: "t", count: 249) + "{event_type}"], "can be no topic's name"),
        (["RELAY_SCHEMA": String(repeating: "s", count: 70)], "is longer than the 63 bytes"),
        (["KAFKA_ACKS": "1"], "KAFKA_ACKS: must be all"),
        (["RELAY_RECORD_TIMESTAMP": "now"], "RELAY_RECORD_TIMESTAMP: 'now' is not one of: publish, created"),
        (
            ["KAFKA_ENABLE_IDEMPOTENCE": "0", "RELAY_DELIVERY": "exactly-once"],
            "KAFKA_ENABLE_IDEMPOTENCE: must be true"
        ),
        (
            [
                "KAFKA_TRANSACTION_TIMEOUT_MS": "60000", "KAFKA_MESSAGE_TIMEOUT_MS": "90000",
                "RELAY_DELIVERY": "exactly-once",
            ],
            "KAFKA_MESSAGE_TIMEOUT_MS"
        ),
    ])
    func mistakesAreNamed(_ environment: [String: String], _ text: String) {
        let said = complaint(environment)
        #expect(said.contains(text), "\(said)")
    }

    @Test func everyMistakeIsToldInALineOfItsOwn() {
        let said = complaint([
            "KAFKA_FOO": "1", "KAFKA_BAR": "2", "RELAY_LEASE": "5", "KAFKA_BOOTSTRAP_SERVERS": " ",
            "RELAY_TOPIC": "a b",
        ])
        let variables = said.split(separator: "\n", omittingEmptySubsequences: false).map { $0.prefix { $0 != ":" } }
        #expect(
            Set(variables) == ["KAFKA_FOO", "KAFKA_BAR", "RELAY_LEASE", "KAFKA_BOOTSTRAP_SERVERS", "RELAY_TOPIC"],
            "\(said)")
        #expect(variables.count == 5)
    }

    @Test func aTopicOfFixedTextOrPlacesAloneIsTaken() throws {
        for topic in ["orders", "{aggregate_type}", ".{event_type}", "{header.tenant}.{aggregate_type}"] {
            _ = try settings(["RELAY_TOPIC": topic])
        }
    }

    @Test func aSharedMistakeIsToldOnce() {
        let said = complaint(["RELAY_OUTBOXES": "a,b", "RELAY_SCHEMA__B": "b", "RELAY_LEASE": "5"])
        #expect(said.split(separator: "\n").count == 1, "\(said)")
    }
}
