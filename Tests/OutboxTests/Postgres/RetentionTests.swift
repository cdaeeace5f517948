import Postgres
import TestKit
import Testing

@testable import Outbox

struct RetentionTests {
    @Test func publishedRowsLeaveAndTheRingTurns() async throws {
        let outbox = try await TestOutbox()
        try await withRelay(try outbox.relay(Self.short)) {
            try await onThread {
                let writer = try outbox.connect()
                // The ring may come round to where it began, so every leaf on the way is noted.
                var leaves: Set<Int64> = []
                for sequence in 0..<40 as Range<Int64> {
                    try writer.insertRow("a", sequence)
                    try writer.execute("SELECT pg_sleep(0.05)")
                    leaves.insert(try writer.query("SELECT current_leaf FROM outbox_state").int64(0, 0))
                }
                #expect(leaves.count > 1)
                #expect(outbox.topic.wait { $0.count == 40 })
                try writer.waits(for: "count(*) <= 20 FROM outbox")
            }
        }
        #expect(outbox.topic.messages.map(\.sequence) == Array(0..<40))
    }

    @Test func heldAndUnpublishedRowsStay() async throws {
        var outbox = try await TestOutbox()
        outbox.behaviour.tooLarge = [OutboxKey(aggregateType: "order", aggregateID: "poison")]
        let shared = outbox
        try await withRelay(try outbox.relay(Self.short)) {
            try await onThread {
                let writer = try shared.connect()
                try writer.insertRow("poison", 0)
                let long = try shared.connect()
                try long.execute("BEGIN")
                try long.insertRow("long", 0)
                for sequence in 0..<40 as Range<Int64> {
                    try writer.insertRow("a", sequence)
                    try writer.execute("SELECT pg_sleep(0.05)")
                }
                try long.execute("COMMIT")
                #expect(shared.topic.wait { $0.contains { $0.key.aggregateID == "long" } })
                let kept = try writer.query("SELECT count(*) FROM outbox WHERE aggregate_id = 'poison'")
                #expect(try kept.int64(0, 0) == 1)
            }
        }
    }

    /// A leaf that keeps a parked row is passed over; the others go on taking turns.
    @Test func aParkedRowHoldsOnlyItsOwnLeaf() async throws {
        var outbox = try await TestOutbox()
        outbox.behaviour.tooLarge = [OutboxKey(aggregateType: "order", aggregateID: "poison")]
        let shared = outbox
        try await withRelay(try outbox.relay(Self.short)) {
            try await onThread {
                let writer = try shared.connect()
                try writer.insertRow("poison", 0)
                // Whatever shares its leaf stays: the others come when another one takes new rows.
                try writer.waits(
                    for: "NOT EXISTS (SELECT FROM outbox WHERE leaf = pg_sequence_last_value('outbox_leaf'::regclass))")
                for sequence in 0..<60 as Range<Int64> {
                    try writer.insertRow("a", sequence)
                    try writer.execute("SELECT pg_sleep(0.05)")
                }
                try writer.waits(for: "count(*) <= 20 FROM outbox")
                let kept = try writer.query("SELECT count(*) FROM outbox WHERE aggregate_id = 'poison'")
                #expect(try kept.int64(0, 0) == 1)
            }
        }
    }

    private static let short: @Sendable (inout RelayConfiguration) -> Void = {
        $0.retention = .milliseconds(400)
        $0.pollCeiling = .milliseconds(50)
    }
}
