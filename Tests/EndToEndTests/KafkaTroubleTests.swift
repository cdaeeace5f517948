import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// Kafka in trouble, seen through the real relay and its real producer: nothing is lost, the order holds, and what is not
    /// concerned keeps flowing.
    @Suite struct KafkaTroubleTests {
        private static let rows = 2_000

        /// Injected errors need one request in flight: the embedded Kafka does not check sequence numbers.
        private static let oneInFlight = ["KAFKA_MAX_IN_FLIGHT": "1"]

        @Test(.switchesKafka) func aKafkaThatGoesAwayOrIsSlowLosesNothing() async throws {
            try await withLoad { stack, _ in
                try await stack.kafka.control("down")
                try await stack.written(more: Self.rows)
                #expect(try await stack.query("SELECT (unpublished_rows > 0)::text FROM outbox_state") == ["true"])
                try await stack.kafka.control("up")
                try await stack.written(more: Self.rows)
                try await stack.kafka.control("latency 400")
                try await stack.written(more: Self.rows)
                try await stack.kafka.control("latency 0")
            }
        }

        @Test(.switchesKafka) func leadersThatMoveLoseNothing() async throws {
            try await withLoad(brokers: 3) { stack, _ in
                for round in 0..<4 {
                    for partition in 0..<8 {
                        try await stack.kafka.control("leader outbox.event.parcel \(partition) \((partition + round) % 3 + 1)")
                    }
                    try await stack.written(more: Self.rows / 2)
                }
                try await stack.kafka.control("down 2")
                try await stack.written(more: Self.rows)
                try await stack.kafka.control("up 2")
            }
        }

        /// What a broker in trouble answers: the producer tries again by itself, or the relay begins again behind the last
        /// acknowledged row. No row is to blame, so no key is parked.
        @Test(
            .switchesKafka,
            arguments: [
                "NOT_LEADER_FOR_PARTITION", "REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS", "KAFKA_STORAGE_ERROR",
                "CLUSTER_AUTHORIZATION_FAILED", "UNKNOWN", "INVALID_REQUIRED_ACKS",
            ])
        func refusalsThatPassLoseNothing(_ code: String) async throws {
            try await withLoad(Self.oneInFlight) { stack, _ in
                try await stack.kafka.control("errors produce 3 \(code)")
                try await stack.written(more: Self.rows)
                #expect(try await stack.query("SELECT aggregate_id FROM outbox_relay.parked").isEmpty)
            }
        }

        /// One row of a batch is too large for the producer itself, which sees it before anything is sent.
        @Test(.switchesKafka) func aRowThatIsTooLargeWaitsAloneWithItsKey() async throws {
            try await withLoad { stack, _ in
                try await stack.execute(Self.insert("large", 0, "repeat('x', 2000000)"))
                try await stack.execute(Self.insert("large", 1, "'behind it'"))
                try await stack.wait(for: "SELECT count(*) = 2 FROM outbox_relay.held")
                try await stack.written(more: Self.rows)
                #expect(try await stack.outboxctl("parked").contains("MSG_SIZE_TOO_LARGE"))
                let row = try await stack.query("SELECT outbox_id::text FROM outbox_relay.parked")
                let explained = try await stack.outboxctl("explain", "parcel", "large")
                #expect(explained.contains("2000000 bytes"))
                #expect(explained.contains("outboxctl outbox skip \(row.first ?? "?")"))
                try await stack.flows(stack.kafka.topic("parcel"))
                // Released as it is, it is refused again, and stays.
                _ = try await stack.outboxctl("release", "parcel", "large", "--reason", "let us see")
                try await stack.wait(for: "SELECT bool_and(release_asked_at IS NULL) FROM outbox_relay.parked")
                _ = try await stack.outboxctl("skip", row.first ?? "", "--reason", "corrupt, agreed with the owners")
                _ = try await stack.outboxctl("release", "parcel", "large", "--reason", "without the large row")
                try await stack.wait(for: "SELECT NOT EXISTS (SELECT FROM outbox_relay.parked)")
                #expect(
                    try await stack.query(
                        "SELECT action || ': ' || reason FROM outbox_relay.decision WHERE action <> 'park' ORDER BY decided_at")
                        == ["release: let us see", "skip: corrupt, agreed with the owners", "release: without the large row"])
                // Given up for good: the invariants are about the others.
                try await stack.execute("DELETE FROM outbox WHERE aggregate_id = 'large' AND sequence_number = 0")
            }
        }

        /// The broker refuses a batch for its size; the batch's rows then go one by one, and only those that are refused again wait.
        /// How the rows fall into batches is chance, so the broker refuses more of them than there are partitions, until a row was alone.
        @Test(.switchesKafka) func aBrokerThatRefusesABatchParksTheKeyOfARowThatIsRefusedAlone() async throws {
            try await withLoad(Self.oneInFlight) { stack, _ in
                var refusals = 0
                repeat {
                    try await stack.kafka.control("errors produce 12 MSG_SIZE_TOO_LARGE")
                    refusals += 12
                    try await stack.written(more: Self.rows)
                    try await stack.flows(stack.kafka.topic("parcel"))
                } while try await stack.query("SELECT aggregate_id FROM outbox_relay.parked").isEmpty && refusals < 100
                #expect((1...refusals).contains(try await stack.query("SELECT aggregate_id FROM outbox_relay.parked").count))
                try await stack.releaseAll()
            }
        }

        private static func insert(_ parcel: String, _ sequence: Int, _ payload: String) -> String {
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            VALUES ('parcel', '\(parcel)', \(sequence), 'parcel_moved', convert_to(\(payload), 'UTF8'))
            """
        }

        /// Runs `body` while rows are written and one relay forwards them; then checks that all was published in order.
        private func withLoad(
            _ settings: [String: String] = [:], brokers: Int = 1,
            _ body: (_ stack: TestStack, _ relay: ManagedProcess) async throws -> Void
        ) async throws {
            try await withRelay(settings, brokers: brokers) { stack, relay in
                try await OutboxLoad.start(stack.database).during {
                    try await stack.written(more: Self.rows)
                    try await body(stack, relay)
                }
            }
        }

        /// The same without other rows.
        private func withRelay(
            _ settings: [String: String], brokers: Int = 1, _ body: (_ stack: TestStack, _ relay: ManagedProcess) async throws -> Void
        ) async throws {
            try await TestStack.with([], brokers: brokers) { stack in
                try await stack.kafka.createTopic("parcel")
                let relay = try await stack.startRelay("relay", settings)
                try await stack.leads("relay")
                try await body(stack, relay)
                try await stack.drained()
                try await stack.expectInvariants()
                #expect(relay.isRunning)
            }
        }
    }
}
