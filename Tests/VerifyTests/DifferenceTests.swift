import Orders
import Postgres
import TestKit
import Testing

@testable import Verify

/// Each kind of difference, made once: the audit names it, and nothing else.
struct DifferenceTests {
    /// Three orders, published and projected.
    private func settled() async throws -> VerifiedOutbox {
        let outbox = try await VerifiedOutbox()
        for id in ["a", "b", "c"] { try await outbox.order(id) }
        try await outbox.publish()
        try await outbox.project()
        return outbox
    }

    @Test func whatIsWholeHasNoDifference() async throws {
        let report = try await settled().expect([:])
        #expect(report.checked.events == 9)
        #expect(report.checked.rows == 9)
        #expect(report.checked.records == 9)
        #expect(report.checked.projections == 3)
        #expect(report.known == KnownCases())
        #expect(report.unjudged.isEmpty)
    }

    @Test func aRowThatWasNeverPublished() async throws {
        let outbox = try await settled()
        try await outbox.order("lost", [.placed(VerifiedOutbox.details)])
        try await outbox.pretendPublished()
        let report = try await outbox.expect([.recordMissing: 1])
        #expect(report.examples.first?.key == "order/lost")
        #expect(report.examples.first?.outboxId == 10)
    }

    @Test func aForgedRecord() async throws {
        let outbox = try await settled()
        try await outbox.forge("a")
        let report = try await outbox.expect([.recordExtra: 1])
        #expect(report.examples.first?.record?.hasPrefix(outbox.kafka.name("order")) == true)
    }

    @Test func aPayloadWithAnotherByte() async throws {
        let outbox = try await settled()
        try await outbox.order("d", [.placed(VerifiedOutbox.details)])
        try await outbox.produce("d", 0) { $0[3] ^= 1 }
        try await outbox.pretendPublished()
        let report = try await outbox.expect([.recordPayload: 1])
        #expect(report.examples.first?.key == "order/d")
    }

    @Test func recordsInTheWrongOrder() async throws {
        let outbox = try await settled()
        try await outbox.order("d")
        for sequence: Int64 in [0, 2, 1] { try await outbox.produce("d", sequence) }
        try await outbox.pretendPublished()
        let report = try await outbox.expect([.recordOrder: 1])
        #expect(report.examples.first?.text == "1 comes for the first time behind 2")
    }

    @Test func aRecordThatIsRepeatedIsCounted() async throws {
        let outbox = try await settled()
        try await outbox.produce("a", 1)
        try await outbox.produce("a", 2)
        let report = try await outbox.expect([:])
        #expect(report.known.duplicates == 2)
    }

    @Test func aRecordWithAnotherSequenceNumber() async throws {
        let outbox = try await settled()
        try await outbox.execute(
            "UPDATE event SET sequence_number = 3 WHERE aggregate_id = 'a' AND sequence_number = 2")
        try await outbox.execute(
            "UPDATE outbox SET sequence_number = 3 WHERE aggregate_id = 'a' AND sequence_number = 2")
        try await outbox.execute("UPDATE order_projection SET last_sequence_number = 3 WHERE order_id = 'a'")
        try await outbox.expect([.recordHeaders: 1, .sequenceGap: 1])
    }

    @Test func anEventWithoutRow() async throws {
        let outbox = try await settled()
        try await outbox.execute("DELETE FROM outbox WHERE aggregate_id = 'b' AND sequence_number = 1")
        let report = try await outbox.expect([.rowMissing: 1])
        #expect(report.examples.first?.key == "order/b")
        #expect(report.examples.first?.sequenceNumber == 1)
    }

    @Test func aRowWithoutEvent() async throws {
        let outbox = try await settled()
        try await outbox.execute("DELETE FROM event WHERE aggregate_id = 'b'")
        try await outbox.execute("DELETE FROM order_projection WHERE order_id = 'b'")
        try await outbox.expect([.rowExtra: 3])
    }

    @Test func aRowThatIsNotItsEvent() async throws {
        let outbox = try await settled()
        try await outbox.execute("UPDATE outbox SET payload = payload || '\\x00' WHERE outbox_id = 2")
        try await outbox.expect([.rowDiffers: 1, .recordPayload: 1])
    }

    @Test(arguments: [
        ("quantity = 3", "quantity"), ("customer_id = 'bob'", "customer_id"), ("payment_status = 2", "payment_status"),
        ("cancellation_reason = ''", "cancellation_reason"),
        ("updated_at = updated_at + interval '1 us'", "updated_at"),
    ])
    func aFieldOfTheReadModel(_ change: String, _ field: String) async throws {
        let outbox = try await settled()
        try await outbox.execute("UPDATE order_projection SET \(change) WHERE order_id = 'b'")
        let report = try await outbox.expect([.projectionDiffers: 1])
        #expect(report.examples.first?.text.contains("another \(field) than") == true)
        #expect(report.examples.first?.key == "order/b")
    }

    @Test func aMissingRowOfTheReadModel() async throws {
        let outbox = try await settled()
        try await outbox.execute("DELETE FROM order_projection WHERE order_id = 'c'")
        let report = try await outbox.expect([.projectionMissing: 1])
        #expect(report.examples.first?.key == "order/c")
    }

    @Test func aRowOfTheReadModelThatStayedBehind() async throws {
        let outbox = try await settled()
        try await outbox.execute(
            """
            UPDATE order_projection SET last_sequence_number = 1, payment_status = 2, shipping_status = 1,
                updated_at = (SELECT created_at FROM event WHERE aggregate_id = 'c' AND sequence_number = 1)
            WHERE order_id = 'c'
            """)
        try await outbox.expect([.projectionBehind: 1])
    }

    @Test func aRowOfTheReadModelWithoutEvents() async throws {
        let outbox = try await settled()
        try await outbox.execute(
            """
            INSERT INTO order_projection
            SELECT 'bb', last_sequence_number, customer_id, vendor_id, product_id, quantity, total_price_cents,
                payment_method,
                   payment_status, shipping_status, NULL, NULL, created_at, updated_at
            FROM order_projection WHERE order_id = 'b'
            """)
        let report = try await outbox.expect([.projectionExtra: 1])
        #expect(report.examples.first?.key == "order/bb")
    }

    @Test func anEventThatCannotBeDecoded() async throws {
        let outbox = try await settled()
        for table in ["event SET event_data", "outbox SET payload"] {
            try await outbox.execute("UPDATE \(table) = '\\xff' WHERE aggregate_id = 'a' AND sequence_number = 1")
        }
        try await outbox.expect([.eventUnreadable: 1, .recordPayload: 1])
    }
}
