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
                // It is idle before it has noticed the row, too.
                try await stack.relayTells("/metrics", "outbox_relay_published_rows_total 1\n")
                try await stack.relayTells("/readyz", "leading, idle")
                try await stack.kafka.control("down")
                try await insert(stack, 1)
                try await stack.relayTells("/readyz", "blocked: Kafka: ")
                try await stack.relayTells("/livez", "ok")
                let metrics = try await stack.relayTells("/metrics", "outbox_relay_unpublished_rows 1.0")
                #expect(!metrics.contains("outbox_relay_oldest_unpublished_age_seconds 0.0\n"))
                for name in [
                    "held_rows 0.0", "parked_keys 0.0", "leader 1.0", "epoch 1.0", "published_rows_total 1",
                    "cuts_total 2",
                ] {
                    #expect(metrics.contains("outbox_relay_\(name)\n"), "\(name)")
                }
                for name in [
                    "wake_ups_total{cause=", "cut_rows_bucket{le=", "latency_seconds_bucket{le=",
                    "publish_failures_total ",
                ] {
                    #expect(metrics.contains("outbox_relay_\(name)"), "\(name)")
                }
                try await stack.kafka.control("up")
                try await stack.relayTells("/readyz", "leading, idle")
                try await stack.relayTells("/metrics", "outbox_relay_oldest_unpublished_age_seconds 0.0\n")
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
    }
}
