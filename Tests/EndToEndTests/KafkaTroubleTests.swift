import Foundation
import Kafka
import TestKit
import Testing

extension EndToEndTests {
    /// Kafka in trouble, seen through the real relay and its real producer: nothing is lost, the order holds, and what
    /// is not concerned keeps flowing.
    @Suite struct KafkaTroubleTests {
        private static let rows = 2_000

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
                        try await stack.kafka.control(
                            "leader outbox.event.parcel \(partition) \((partition + round) % 3 + 1)")
                    }
                    try await stack.written(more: Self.rows / 2)
                }
                try await stack.kafka.control("down 2")
                try await stack.written(more: Self.rows)
                try await stack.kafka.control("up 2")
            }
        }

        /// What a broker in trouble answers, whether it did what it was asked or not: the producer tries again by
        /// itself, or the relay begins again behind the last acknowledged row. No row is to blame, so no key is parked.
        /// Requests are in flight behind the one that is refused.
        @Test(
            .switchesKafka,
            arguments: [
                "errors produce 3 NOT_LEADER_OR_FOLLOWER", "errors produce 3 REQUEST_TIMED_OUT",
                "errors produce 3 NOT_ENOUGH_REPLICAS",
                "errors produce 3 KAFKA_STORAGE_ERROR", "errors produce 3 CLUSTER_AUTHORIZATION_FAILED",
                "errors produce 3 UNKNOWN_SERVER_ERROR", "errors produce 3 INVALID_REQUIRED_ACKS",
                "false-errors produce 3 NOT_ENOUGH_REPLICAS_AFTER_APPEND", "lose produce 3",
            ])
        func refusalsThatPassLoseNothing(_ switching: String) async throws {
            try await withLoad(isStrict: true) { stack, _ in
                try await stack.kafka.control(switching)
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
                #expect(explained.contains("outboxctl skip --reason \"...\" \(row.first ?? "?")"))
                try await stack.flows(stack.kafka.topic("parcel"))
                // Released as it is, it is refused again, and stays.
                _ = try await stack.outboxctl("release", "parcel", "large", "--yes", "--reason", "let us see")
                try await stack.wait(for: "SELECT bool_and(release_asked_at IS NULL) FROM outbox_relay.parked")
                _ = try await stack.outboxctl(
                    "skip", row.first ?? "", "--yes", "--reason", "corrupt, agreed with the owners")
                _ = try await stack.outboxctl(
                    "release", "parcel", "large", "--yes", "--reason", "without the large row")
                try await stack.wait(for: "SELECT NOT EXISTS (SELECT FROM outbox_relay.parked)")
                #expect(
                    try await stack.query(
                        """
                        SELECT action || ': ' || reason FROM outbox_relay.decision WHERE action <> 'park' ORDER BY
                        decided_at
                        """
                    )
                        == [
                            "release: let us see", "skip: corrupt, agreed with the owners",
                            "release: without the large row",
                        ])
                // Given up for good: the invariants are about the others.
                try await stack.execute("DELETE FROM outbox WHERE aggregate_id = 'large' AND sequence_number = 0")
            }
        }

        /// The producer lets it pass and the brokers refuse the batch that it is in, for the topic's limit: the rows
        /// beside it arrive.
        @Test(arguments: ["at-least-once", "exactly-once"])
        func aRowThatIsTooLargeForItsTopicWaitsAloneWithItsKey(_ delivery: String) async throws {
            try await TestStack.with([], isStrict: true) { stack in
                try await stack.kafka.createTopic("parcel")
                try await stack.kafka.createTopic("letter", partitions: 1, settings: ["max.message.bytes": "20000"])
                let relay = try await stack.startRelay("relay", delivery == "exactly-once" ? stack.exactlyOnce : [:])
                try await stack.leads("relay")
                try await OutboxLoad.start(stack.database).during {
                    try await stack.written(more: Self.rows)
                    try await stack.execute(Self.letters)
                    try await stack.wait(for: "SELECT EXISTS (SELECT FROM outbox_relay.parked)")
                    try await stack.written(more: Self.rows)
                    let parked = try await stack.query(
                        "SELECT aggregate_id || ' ' || outbox_id FROM outbox_relay.parked")
                    let row =
                        try await stack.query("SELECT outbox_id::text FROM outbox WHERE length(payload) > 20000").first
                        ?? ""
                    #expect(parked == ["letter-10 \(row)"])
                    _ = try await stack.outboxctl("skip", row, "--yes", "--reason", "too large")
                    try await stack.releaseAll()
                }
                try await stack.drained()
                try await stack.execute("DELETE FROM outbox WHERE length(payload) > 20000")
                try await stack.expectInvariants()
                #expect(relay.isRunning)
                if delivery == "exactly-once" {
                    let ids = try await stack.records(stack.kafka.topic("letter")).compactMap { $0.headerText("id") }
                    #expect(ids.count == 2 * 20 - 1 && Set(ids).count == ids.count)
                }
            }
        }

        /// Two letters for each of twenty people, of which one is too large: nothing that lz4 could make smaller.
        private static let letters = """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            SELECT 'letter', 'letter-' || p, s, 'letter_written', CASE WHEN p = 10 AND s = 0
                THEN (SELECT string_agg(sha256(convert_to(n::text, 'UTF8')), '') FROM generate_series(1, 1000) n) ELSE
                    'short' END
            FROM generate_series(1, 20) p, generate_series(0, 1) s
            """

        private static func insert(_ parcel: String, _ sequence: Int, _ payload: String) -> String {
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            VALUES ('parcel', '\(parcel)', \(sequence), 'parcel_moved', convert_to(\(payload), 'UTF8'))
            """
        }

        /// Runs `body` while rows are written and one relay forwards them; then checks that all was published in order.
        private func withLoad(
            brokers: Int = 1, isStrict: Bool = false,
            _ body: (_ stack: TestStack, _ relay: ManagedProcess) async throws -> Void
        ) async throws {
            try await TestStack.with([], brokers: brokers, isStrict: isStrict) { stack in
                try await stack.kafka.createTopic("parcel")
                let relay = try await stack.startRelay("relay")
                try await stack.leads("relay")
                try await OutboxLoad.start(stack.database).during {
                    try await stack.written(more: Self.rows)
                    try await body(stack, relay)
                }
                try await stack.drained()
                try await stack.expectInvariants()
                #expect(relay.isRunning)
            }
        }
    }
}
