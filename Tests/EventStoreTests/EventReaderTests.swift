import EventStore
import Orders
import Postgres
import TestKit
import Testing

@Suite struct EventReaderTests {
    /// 2026-01-01T00:00:00Z in microseconds since 1970.
    private static let newYear: Int64 = 1_767_225_600_000_000
    private static let placed = OrderEvent.placed(Fixture.details)

    /// A database with these histories; each event comes a second after the one before.
    private func database(_ histories: [(String, [OrderEvent])]) async throws -> PostgresConfiguration {
        let postgres = try await TestPostgres.configuration()
        try await onThread {
            let connection = try PostgresConnection(postgres)
            for (orderID, events) in histories {
                for (sequence, event) in events.enumerated() {
                    let time = Self.newYear + Int64(sequence) * 1_000_000
                    let (type, bytes) = try EventCodec.encode(event, orderID: orderID, at: time)
                    try connection.query(
                        """
                        INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type,
                            event_data, created_at)
                        VALUES (gen_random_uuid(), $1, $2, 'order', $3, $4, $5)
                        """,
                        [
                            .text(orderID), .int8(Int64(sequence)), .text(type.rawValue), .bytea(bytes),
                            .timestamp(microsecondsSince1970: time),
                        ])
                }
            }
        }
        return postgres
    }

    private func read<T: Sendable>(
        _ postgres: PostgresConfiguration, _ body: @escaping @Sendable (EventReader) throws -> T
    ) async throws -> T {
        try await onThread { try body(EventReader(PostgresConnection(postgres))) }
    }

    @Test func historiesAreWholeAndApart() async throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        let postgres = try await database([
            ("a", [Self.placed, .paymentInitiated]), ("b", [Self.placed]), (composed, [Self.placed]),
            (decomposed, [Self.placed, .cancelled(reason: "no")]),
        ])
        let histories = try await read(postgres) { try $0.histories(of: ["a", composed, decomposed, "unknown"]) }
        // In the byte order of the ids.
        #expect(histories.map { Array($0.orderID.utf8) } == ["a", decomposed, composed].map { Array($0.utf8) })
        #expect(histories.map(\.events.count) == [2, 2, 1])
        let last = try #require(histories.first?.events.last)
        #expect(last.sequenceNumber == 1)
        #expect(try EventCodec.decode(last.eventType, last.payload) == .paymentInitiated)
        #expect(last.createdAt == Self.newYear + 1_000_000)
        #expect(try await read(postgres) { try $0.histories(of: []) }.isEmpty)
    }

    @Test func headsComePageByPage() async throws {
        let postgres = try await database([
            ("a", [Self.placed]), ("b", [Self.placed, .paymentInitiated, .paid]), ("c", [Self.placed]),
        ])
        let first = try await read(postgres) { try $0.heads(after: "", limit: 2) }
        #expect(first.map(\.orderID) == ["a", "b"])
        #expect(first.map(\.lastSequenceNumber) == [0, 2])
        #expect(try await read(postgres) { try $0.heads(after: "b", limit: 2) }.map(\.orderID) == ["c"])
        #expect(try await read(postgres) { try $0.heads(after: "c", limit: 2) }.isEmpty)
    }

    @Test func unsettledOrdersNeedAPaymentOrAVoid() async throws {
        let postgres = try await database([
            ("placed", [Self.placed]),
            ("initiated", [Self.placed, .paymentInitiated]),
            ("paid", [Self.placed, .paymentInitiated, .paid]),
            ("failed", [Self.placed, .paymentInitiated, .paymentFailed(reason: "no")]),
            ("cancelled", [Self.placed, .cancelled(reason: "no")]),
            ("to be voided", [Self.placed, .paymentInitiated, .cancelled(reason: "no")]),
        ])
        let year = Self.newYear..<Self.newYear + 1_000_000_000
        let unsettled = try await read(postgres) { try $0.unsettledOrders(recordedIn: year) }
        #expect(unsettled.sorted() == ["initiated", "placed", "to be voided"])
        // The slice is of the events' own times: the placements, then what came later.
        let start = try await read(postgres) { try $0.unsettledOrders(recordedIn: Self.newYear..<Self.newYear + 1) }
        #expect(start.sorted() == ["initiated", "placed"])
        let later = Self.newYear + 1..<Self.newYear + 1_000_000_000
        #expect(try await read(postgres) { try $0.unsettledOrders(recordedIn: later) } == ["to be voided"])
    }
}
