import Foundation
import Kafka
import TestKit
import Testing

extension EndToEndTests {
    /// The real relay releases a key, and brokers refuse one of the rows in the middle: librdkafka then tells of all
    /// that were in flight.
    @Suite struct ReleaseTests {
        private static let rows = 200
        /// Rows that are larger than the topic takes, and not than the client does.
        private static let tooLarge = [50, 150]

        @Test(arguments: ["at-least-once", "exactly-once"]) func theNextRowThatIsTooLargeIsFound(_ delivery: String)
            async throws
        {
            try await TestStack.with([], isStrict: true) { stack in
                try await stack.kafka.createTopic("letter", settings: ["max.message.bytes": "300000"])
                let settings = stack.exactlyOnce.merging(["KAFKA_TRANSACTIONAL_ID": stack.kafka.topic("relay")]) { $1 }
                _ = try await stack.startRelay("first", delivery == "exactly-once" ? settings : [:])
                try await stack.execute(Self.insert)
                for large in Self.tooLarge {
                    try await stack.wait(
                        for: """
                            SELECT EXISTS (SELECT FROM outbox_relay.parked WHERE release_asked_at IS NULL)
                               AND (SELECT count(*) FROM outbox_relay.held) = \(Self.rows - large)
                            """)
                    let parked = try await stack.outboxctl("parked")
                    #expect(parked.contains("MSG_SIZE_TOO_LARGE"), "\(parked)")
                    let first = try await stack.query(
                        "SELECT outbox_id::text FROM outbox_relay.held ORDER BY hold_id LIMIT 1")
                    _ = try await stack.outboxctl("skip", first.first ?? "", "--yes", "--reason", "too large")
                    _ = try await stack.outboxctl("release", "letter", "long", "--yes", "--reason", "the rest")
                }
                try await stack.wait(for: "SELECT NOT EXISTS (SELECT FROM outbox_relay.parked)")
                let numbers = try await stack.records(stack.kafka.topic("letter")).compactMap {
                    $0.headerText("ce_sequence").flatMap { Int($0) }
                }
                var seen: Set<Int> = []
                let firsts = numbers.filter { seen.insert($0).inserted }
                #expect(firsts == (0..<Self.rows).filter { !Self.tooLarge.contains($0) })
                if delivery == "exactly-once" { #expect(numbers.count == firsts.count) }
            }
        }

        private static let insert = """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            SELECT 'letter', 'long', s, 'letter_sent', CASE WHEN s IN (50, 150) THEN
                convert_to((SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 20000)), 'UTF8') ELSE
                    'x' END
            FROM generate_series(0, 199) s
            """
    }
}
