import Foundation
import Postgres
import TestKit
import Testing

extension EndToEndTests {
    /// What the relay's endpoints say while Kafka is away, and afterwards.
    @Suite struct RelayStateTests {
        @Test(.switchesKafka) func readinessNamesAKafkaThatIsAwayAndMetricsTellWhatWaits() async throws {
            try await TestStack.with([.relay]) { stack in
                try await insert(stack, 0)
                try await expect(stack, "/readyz", "leading, idle")
                try await stack.kafka.control("down")
                try await insert(stack, 1)
                try await expect(stack, "/readyz", "blocked: Kafka: ")
                try await expect(stack, "/livez", "ok")
                let metrics = try await expect(stack, "/metrics", "outbox_relay_unpublished_rows 1.0")
                #expect(!metrics.contains("outbox_relay_oldest_unpublished_age_seconds 0.0\n"))
                for name in ["held_rows 0.0", "parked_keys 0.0", "leader 1.0", "epoch 1.0", "published_rows_total 1", "cuts_total 2"] {
                    #expect(metrics.contains("outbox_relay_\(name)\n"), "\(name)")
                }
                for name in ["wake_ups_total{cause=", "cut_rows_bucket{le=", "latency_seconds_bucket{le=", "publish_failures_total "] {
                    #expect(metrics.contains("outbox_relay_\(name)"), "\(name)")
                }
                try await stack.kafka.control("up")
                try await expect(stack, "/readyz", "leading, idle")
                try await expect(stack, "/metrics", "outbox_relay_oldest_unpublished_age_seconds 0.0\n")
            }
        }

        private func insert(_ stack: TestStack, _ sequence: Int) async throws {
            let url = stack.databaseURL
            try await onThread {
                try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests")).execute(
                    """
                    INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                    VALUES ('order', 'a', \(sequence), 'happened', 'x')
                    """)
            }
        }

        /// Asks until the answer contains `text`.
        @discardableResult
        private func expect(_ stack: TestStack, _ path: String, _ text: String) async throws -> String {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                let answer = try await Command.run(["curl", "--silent", "--max-time", "5", stack.url(of: .relay) + path]).output
                if answer.contains(text) { return answer }
                guard .now < deadline else { throw TestFailure("\(path) does not say '\(text)' but '\(answer)'") }
            }
        }
    }
}
