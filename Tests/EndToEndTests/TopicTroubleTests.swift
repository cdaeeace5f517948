import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// A topic that goes away, or may not be written to any more, while the relay runs: its keys wait, visible and
    /// counted, the other topics flow, and they flow again by themselves when the topic is back.
    ///
    /// Transactions are undone on the way: the embedded Kafka would show what they left behind, the relay's record
    /// above all.
    @Suite struct TopicTroubleTests {
        private static let rows = 1_000

        @Test(
            .switchesKafka, arguments: ["at-least-once", "exactly-once"],
            ["UNKNOWN_TOPIC_OR_PARTITION", "TOPIC_AUTHORIZATION_FAILED"])
        func aTopicThatIsGoneHoldsUpItsOwnKeys(_ delivery: String, _ code: String) async throws {
            try await withLoad(delivery) { stack in
                let letters = stack.kafka.topic("letter")
                try await insert(stack, "early", 0)
                try await stack.flows(letters, from: 0)
                try await stack.kafka.control("topic-error \(letters) \(code)")
                var sequence = 1
                while try await stack.query("SELECT aggregate_id FROM outbox_relay.parked").isEmpty {
                    // The producer may not have noticed yet.
                    try await insert(stack, "early", sequence)
                    sequence += 1
                }
                try await insert(stack, "late", 0)
                try await stack.wait(
                    for: "SELECT count(*) = 2 FROM outbox_relay.parked WHERE aggregate_type = 'letter'")
                let said = try await stack.outboxctl("parked")
                // librdkafka has a code of its own for topics that it knows to be gone.
                let name = code.hasPrefix("UNKNOWN") ? "UNKNOWN_TOPIC" : code
                #expect(said.contains("early") && said.contains("late") && said.contains(name), "\(said)")
                try await stack.relayTells("/readyz", "2 keys parked")
                let metrics = try await stack.relayTells("/metrics", "outbox_relay_parked_keys 2")
                #expect(!metrics.contains("outbox_relay_held_rows 0"))
                try await stack.flows(stack.kafka.topic("parcel"))

                try await stack.kafka.control("topic-error \(letters) none")
                try await stack.wait(for: "SELECT NOT EXISTS (SELECT FROM outbox_relay.parked)")
                try await insert(stack, "early", sequence)
                let reasons = try await stack.query(
                    "SELECT DISTINCT reason FROM outbox_relay.decision WHERE action = 'release'")
                #expect(reasons == ["tried again by the relay: Kafka takes it now"])
            }
        }

        /// A right to write that is missing shows only when something is written.
        @Test(.switchesKafka) func keysWhoseRowsMayNotBeWrittenFlowAgainByThemselves() async throws {
            try await withLoad("at-least-once") { stack in
                try await stack.kafka.control("errors produce 1000000 TOPIC_AUTHORIZATION_FAILED")
                try await stack.wait(for: "SELECT EXISTS (SELECT FROM outbox_relay.decision WHERE action = 'park')")
                try await stack.kafka.control("clear")
                try await stack.flows(stack.kafka.topic("parcel"))
                try await stack.wait(for: "SELECT NOT EXISTS (SELECT FROM outbox_relay.parked)")
            }
        }

        /// The broker takes the topic into no transaction, once: the transaction is made again without it, and then
        /// with it.
        @Test(.switchesKafka) func aTransactionThatMayNotHaveItsTopicIsMadeAgain() async throws {
            try await withRelay("exactly-once") { stack in
                try await insert(stack, "first", 0)
                try await stack.drained()
                try await stack.kafka.control("errors add-partitions-to-txn 1 TOPIC_AUTHORIZATION_FAILED")
                for sequence in 1..<5 { try await insert(stack, "first", sequence) }
                try await insert(stack, "second", 0)
                try await stack.drained()
                try await stack.wait(for: "SELECT NOT EXISTS (SELECT FROM outbox_relay.parked)")
            }
        }

        private func insert(_ stack: TestStack, _ letter: String, _ sequence: Int) async throws {
            try await stack.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                VALUES ('letter', '\(letter)', \(sequence), 'letter_sent', 'x')
                """)
        }

        /// Runs `body` while rows of parcels are written and forwarded; then checks what was published.
        private func withLoad(_ delivery: String, _ body: (_ stack: TestStack) async throws -> Void) async throws {
            try await withRelay(delivery) { stack in
                try await OutboxLoad.start(stack.database).during {
                    try await stack.written(more: Self.rows)
                    try await body(stack)
                }
            }
        }

        /// The same without parcels.
        private func withRelay(_ delivery: String, _ body: (_ stack: TestStack) async throws -> Void) async throws {
            try await TestStack.with([], isStrict: true) { stack in
                for type in ["parcel", "letter"] { try await stack.kafka.createTopic(type) }
                let isExactlyOnce = delivery == "exactly-once"
                let more = ["RELAY_PARKED_RETRY": "1s", "KAFKA_TOPIC_METADATA_REFRESH_INTERVAL_MS": "200"]
                try await stack.start(.relay, more.merging(isExactlyOnce ? stack.exactlyOnce : [:]) { $1 })
                try await body(stack)
                if isExactlyOnce {
                    for type in ["parcel", "letter"] { try await stack.expectExactlyOnce(type) }
                } else {
                    try await stack.drained()
                    try await stack.expectInvariants()
                }
                #expect(try stack.process(.relay).isRunning)
            }
        }
    }
}
