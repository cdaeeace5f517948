import Foundation
import Outbox
import TestKit
import Testing

extension EndToEndTests {
    /// Two relays, one of which leads and is taken away under load. Nobody helps; afterwards every row is in Kafka, in
    /// order.
    @Suite struct FailoverTests {
        private static let rows = 3_000

        @Test func aKilledLeaderIsReplaced() async throws {
            try await withTwoRelays { stack, first, _ in
                first.signal(SIGKILL)
                #expect(try await first.exit() == 128 + SIGKILL)
                try await stack.leads("second")
                try await stack.published(stack.kafka.topic("parcel"), epoch: 2)
                try await stack.written(more: Self.rows)
            }
        }

        /// A host that dies leaves its connections open: nobody says that the leader is gone. A stopped process looks
        /// the same.
        @Test(.switchesKafka) func aStoppedLeaderIsReplacedAndStandsByWhenItGoesOn() async throws {
            try await withTwoRelays { stack, first, second in
                // Slow answers fill the leader's queue, so that it has something to publish when it goes on.
                try await stack.kafka.control("latency 2000")
                try await stack.execute(Self.backlog)
                try await stack.spin(until: "SELECT EXISTS (SELECT FROM relay_state WHERE draining IS NOT NULL)")
                try await stack.written(more: Self.rows)
                first.signal(SIGSTOP)
                try await stack.kafka.control("latency 0")
                try await stack.replaces(first, with: second, named: "second")
            }
        }

        /// The same in the middle of a cut while rows flow, with nothing queued up for it, beside any Kafka.
        @Test func aLeaderStoppedWhileRowsFlowStandsByWhenItGoesOn() async throws {
            try await withTwoRelays { stack, first, second in
                try await stack.spin(until: "SELECT EXISTS (SELECT FROM relay_state WHERE is_draining)")
                first.signal(SIGSTOP)
                try await stack.replaces(first, with: second, named: "second")
            }
        }

        /// More than fits into the leader's queue: 1,000 parcels of 20 rows each.
        private static let backlog = """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            SELECT 'parcel', 'lot-' || a, s, 'parcel_moved', convert_to(a || '/' || s, 'UTF8')
            FROM generate_series(0, 19) s, generate_series(1, 1000) a
            """

        /// Runs `body` while rows are written and `first` leads; then checks that all was published, and by which
        /// epochs.
        private func withTwoRelays(
            _ body: (_ stack: TestStack, _ first: ManagedProcess, _ second: ManagedProcess) async throws -> Void
        ) async throws {
            try await TestStack.with([]) { stack in
                try await stack.kafka.createTopic("parcel")
                let first = try await stack.startRelay("first")
                try await stack.leads("first")
                let second = try await stack.startRelay("second")
                _ = try await second.line(containing: "standing by")
                try await OutboxLoad.start(stack.database).during {
                    try await stack.written(more: Self.rows)
                    try await body(stack, first, second)
                }
                try await stack.drained()
                try await stack.expectInvariants()
                let records = try await stack.records(stack.kafka.topic("parcel"))
                #expect(Set(records.map(\.epoch)) == [1, 2])
                #expect(records.strays(of: 1, behind: 2) <= FailoverTests.queuedAtMost)
            }
        }

        /// What a relay that was replaced while it was stopped may still publish: what librdkafka had queued, little
        /// where brokers take seconds, and the rows between two of the relay's looks at its lease.
        private static let queuedAtMost = 7_000 + OutboxLimits.rowsPerLeaseLook
    }
}
