import Kafka
import TestKit
import Testing

extension EndToEndTests {
    /// A topic that is made again, or loses its records, under a running relay: publishing goes on, and what is lost is
    /// told, counted and kept.
    @Suite struct RecreatedTopicTests {
        private static let rows = 500

        @Test(
            .switchesKafka,
            arguments: [("at-least-once", "recreate"), ("exactly-once", "recreate"), ("at-least-once", "wipe")])
        func publishingGoesOnAndTheLossIsKept(_ delivery: String, _ how: String) async throws {
            try await TestStack.with([], isStrict: true) { stack in
                try await stack.kafka.createTopic("parcel", partitions: 4)
                let parcels = stack.kafka.topic("parcel")
                try await stack.start(.relay, delivery == "exactly-once" ? stack.exactlyOnce : [:])
                let later = try await OutboxLoad.start(stack.database).during {
                    try await stack.written(more: Self.rows)
                    try await stack.flows(parcels)
                    try await stack.kafka.control(how == "wipe" ? "wipe" : "recreate \(parcels)")
                    _ = try await stack.process(.relay).line(containing: "offset of partition")
                    try await stack.wait(
                        for: """
                            SELECT EXISTS (SELECT FROM outbox_relay.record_loss WHERE cause = 'reset'
                                           AND topic = '\(parcels)' AND lost_from < lost_until)
                            """)
                    let noticed = try await stack.query("SELECT max(outbox_id)::text FROM outbox").first
                    try await stack.written(more: Self.rows)
                    return try #require(noticed)
                }
                try await stack.drained()
                #expect(try await stack.metric("outbox_relay_partition_resets_total", of: .relay) > 0)
                try await stack.relayTells("/readyz", "leading")
                let wanted = try await stack.query("SELECT event_id::text FROM outbox WHERE outbox_id > \(later)")
                let found = Set(try await stack.records(parcels).compactMap { $0.headerText("id") })
                #expect(wanted.count >= Self.rows && wanted.allSatisfy { found.contains($0) })
            }
        }
    }
}
