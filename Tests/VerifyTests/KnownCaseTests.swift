import Operations
import Orders
import Postgres
import TestKit
import Testing

@testable import Verify

/// What looks like a difference and is none.
struct KnownCaseTests {
    @Test func rowsThatWaitAreOnTheirWay() async throws {
        let outbox = try await VerifiedOutbox()
        try await outbox.order("a")
        try await outbox.publish()
        try await outbox.project()
        try await outbox.order("b")
        let report = try await outbox.expect([:])
        #expect(report.known.onTheirWay == 3)
        #expect(report.known.notProjectedYet == 1)
    }

    /// A row that is committed while the audit is under way may be in Kafka already.
    @Test func recordsOfRowsThatAreNotCountedYet() async throws {
        let outbox = try await VerifiedOutbox()
        try await outbox.order("a")
        try await outbox.publish()
        try await outbox.order("b", [.placed(VerifiedOutbox.details)])
        try await outbox.produce("b", 0)
        let report = try await outbox.expect([:])
        #expect(report.known.onTheirWay == 0)
    }

    @Test func heldSkippedAndEditedRows() async throws {
        let outbox = try await VerifiedOutbox()
        for id in ["a", "b", "c", "d"] { try await outbox.order(id, [.placed(VerifiedOutbox.details)]) }
        try await outbox.produce("c", 0) { $0[3] ^= 1 }
        try await outbox.pretendPublished()
        try await outbox.execute(
            """
            INSERT INTO outbox_relay.held (outbox_id, aggregate_type, aggregate_id) VALUES (1, 'order', 'a');
            INSERT INTO outbox_relay.decision (action, outbox_id, reason)
            VALUES ('skip', 2, 'test'), ('edit', 3, 'test');
            -- Of a bulk action, whose decisions name one row of each key.
            INSERT INTO outbox_relay.amended (outbox_id, skipped, edited) VALUES (4, true, false)
            """)
        let report = try await outbox.expect([:])
        #expect(report.known.held == 1)
        #expect(report.known.skipped == 2)
        #expect(report.known.edited == 1)
    }

    @Test func rowsThatAReplayCopies() async throws {
        let outbox = try await VerifiedOutbox()
        try await outbox.order("a")
        try await outbox.publish()
        try await outbox.execute(
            """
            INSERT INTO outbox (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, headers)
            SELECT event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload,
                   '{"outbox_replay": "1"}'
            FROM outbox ORDER BY outbox_id
            """)
        try await outbox.publish()
        let report = try await outbox.expect([:])
        #expect(report.known.replayed == 3)
        #expect(report.known.duplicates == 0)
    }

    @Test func recordedLosses() async throws {
        let outbox = try await VerifiedOutbox()
        try await outbox.order("a")
        try await outbox.produce("a", 0)
        try await outbox.pretendPublished()
        try await outbox.forge("b")
        let topic = outbox.kafka.name("order")
        try await outbox.execute(
            """
            INSERT INTO outbox_relay.record_loss (cause, topic, partition, lost_from, lost_until)
            SELECT cause, '\(topic)', partition, 0, 5 FROM unnest(ARRAY['reset', 'database']) AS cause,
                generate_series(0, 3) AS partition
            """)
        let report = try await outbox.expect([:])
        #expect(report.known.lost == 3)
    }

    /// Rows leave the outbox behind its retention; their events are compared with Kafka.
    @Test func eventsWhoseRowsAreRemoved() async throws {
        let outbox = try await VerifiedOutbox()
        try await outbox.order("a")
        try await outbox.publish()
        try await outbox.execute("DELETE FROM outbox; UPDATE event SET created_at = created_at - interval '1 hour'")
        try await outbox.order("b")
        try await outbox.publish()
        try await outbox.execute(
            """
            INSERT INTO event SELECT gen_random_uuid(), 'gone', 0, aggregate_type, event_type, event_data, headers,
                created_at - interval '1 hour' FROM event WHERE aggregate_id = 'b' AND sequence_number = 0
            """)
        let report = try await outbox.expect([.recordMissing: 1])
        #expect(report.examples.first?.key == "order/gone")
        // Whether the read model lacks an order cannot be told without the record.
        #expect(report.unjudged.map(\.count) == [4, 1])
    }

    @Test func aFilterByTimeTypeAndKey() async throws {
        let outbox = try await VerifiedOutbox()
        for id in ["a", "b"] { try await outbox.order(id) }
        try await outbox.publish()
        try await outbox.project()
        #expect(try await outbox.audit { $0.aggregateId = "a" }.checked.records == 3)
        #expect(try await outbox.audit { $0.aggregateType = "parcel" }.checked == .init())
        let middle = try await outbox.run { connection in
            Moment(
                microseconds: try connection.query("SELECT min(created_at) FROM outbox WHERE aggregate_id = 'b'")
                    .timestampMicroseconds(0, 0))
        }
        let late = try await outbox.audit { $0.since = middle }
        #expect(late.isClean)
        #expect(late.checked.rows == 3)
        #expect(late.checked.records == 3)
        let early = try await outbox.audit { $0.until = middle }
        #expect(early.isClean)
        #expect(early.checked.records == 3)
        try await outbox.execute("UPDATE order_projection SET quantity = 7 WHERE order_id = 'a'")
        #expect(try await outbox.audit { $0.since = middle }.isClean)
        #expect(try await outbox.audit { $0.until = middle }.differences == ["projection_differs": 1])
    }

    /// Long payloads are read one by one.
    @Test func longPayloads() async throws {
        let outbox = try await VerifiedOutbox()
        try await outbox.execute(
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            SELECT 'letter', 'l', n, 'letter_sent', convert_to(repeat('x', 100 + n * 9000), 'UTF8')
            FROM generate_series(0, 9) AS n
            """)
        try await outbox.publish()
        let report = try await outbox.expect([:])
        #expect(report.checked.records == 10)
    }
}
