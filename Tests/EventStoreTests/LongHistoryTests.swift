import EventStore
import Orders
import Postgres
import TestKit
import Testing

/// Orders with thousands of events, whose state is cached.
struct LongHistoryTests {
    /// A paid order with this many events, most of them updates of the shipping status.
    private func longOrder(_ fixture: Fixture, events: Int) async throws -> String {
        let order = try await fixture.paidOrder()
        let (_, bytes) = try EventCodec.encode(.shippingStatusUpdated(.inTransit), orderID: order, at: 0)
        try await fixture.sql { connection in
            _ = try connection.query(
                """
                INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data)
                SELECT gen_random_uuid(), $1, n, 'order', 'order_shipping_status_updated', $2
                FROM generate_series(3::bigint, $3 - 1) n
                """, [.text(order), .bytea(bytes), .int8(Int64(events))])
        }
        return order
    }

    @Test func aCachedStateIsContinuedByWhateverHappenedSince() async throws {
        try await Fixture.run { fixture in
            let order = try await longOrder(fixture, events: 10_000)
            #expect(try await fixture.store.load(order)?.version == 10_000)
            #expect(try await fixture.store.load(order)?.version == 10_000)
            // Another writer appends; the caches of the read lane and of the write lane notice.
            let foreigner = try await Session(fixture.postgres)
            try await foreigner.append("order_cancelled", to: order, at: 10_000)
            let loaded = try #require(try await fixture.store.load(order))
            #expect(loaded.version == 10_001)
            #expect(loaded.state.shippingStatus == .cancelled)
            let refused = await attempt {
                try await fixture.store.execute(.updateShippingStatus(.delivered), on: order)
            }
            #expect(refused == nil)
        }
    }

    /// Counts the events that a statement reads, because they make it slow.
    @Test func aLongHistoryIsReadOnce() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let order = try await longOrder(fixture, events: 10_000)
            let session = try await Session(fixture.postgres)
            for _ in 0..<20 { _ = try await fixture.store.load(order) }
            let version = try await fixture.store.execute(.updateShippingStatus(.delivered), on: order).version
            #expect(version == 10_001)
            for _ in 0..<20 { _ = await attempt { try await fixture.store.execute(.initiatePayment, on: order) } }
            fixture.store.shutdown()
            try await session.wait(
                "the store to disconnect",
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'store %'
                """
            ) { $0 == 0 }
            // Once by the read lane, once by the write lane, and a few rows for each of the other forty requests.
            let read = try await session.number("SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'event'")
            #expect((20_000..<21_000).contains(read), "\(read) events read")
        }
    }

    @Test func aCachedStateOfAnotherHistoryIsDropped() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let order = try await longOrder(fixture, events: 100)
            #expect(try await fixture.store.load(order)?.version == 100)
            let version = try await fixture.store.execute(.updateShippingStatus(.delivered), on: order).version
            #expect(version == 101)
            // The database is restored to an earlier moment, and the order gets another history.
            let session = try await Session(fixture.postgres)
            try await session.execute("DELETE FROM event WHERE aggregate_id = '\(order)' AND sequence_number >= 50")
            #expect(try await fixture.store.load(order)?.version == 50)
            for sequence in 50..<105 {
                try await session.append("order_payment_initiated", to: order, at: Int64(sequence))
            }
            #expect(try await fixture.store.load(order)?.version == 105)
            let cancelled = try await fixture.store.execute(.cancel(reason: "x"), on: order).version
            #expect(cancelled == 106)
        }
    }
}
