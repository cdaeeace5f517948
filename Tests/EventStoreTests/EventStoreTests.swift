import EventStore
import Orders
import Postgres
import TestKit
import Testing
import Values

/// The public functions of the store, with one caller at a time.
struct EventStoreTests {
    @Test func anOrderLivesItsLife() async throws {
        try await Fixture.run { fixture in
            let store = fixture.store
            let placed = try await store.place(Fixture.details)
            #expect(placed.version == 1)
            #expect(!placed.replayed)
            #expect(UUIDBytes(placed.orderID) != nil)
            let order = placed.orderID
            let commands: [OrderCommand] = [
                .initiatePayment, .recordPayment, .updateShippingStatus(.inTransit), .updateShippingStatus(.delivered),
            ]
            for (index, command) in commands.enumerated() {
                #expect(try await store.execute(command, on: order).version == Int64(index) + 2)
            }
            let loaded = try #require(try await store.load(order))
            #expect(loaded.version == 5)
            #expect(loaded.state.details == Fixture.details)
            #expect(loaded.state.paymentStatus == .paid)
            #expect(loaded.state.shippingStatus == .delivered)
            #expect(loaded.createdAt <= loaded.updatedAt)
            let history = try await store.history(order)
            #expect(history.map(\.sequenceNumber) == [0, 1, 2, 3, 4])
            #expect(history.folded() == loaded)
            #expect(try await store.history(order, from: 3).map(\.event) == history.suffix(2).map(\.event))
            #expect(try await store.history(order, from: 1, limit: 2).map(\.sequenceNumber) == [1, 2])
            #expect(try await fixture.violations() == 0)
        }
    }

    /// A server whose clock was ahead wrote the last event, or this server's clock was set back.
    @Test func noEventIsOlderThanThePreviousOneOfItsOrder() async throws {
        try await Fixture.run { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            try await fixture.sql { try $0.execute("UPDATE event SET created_at = created_at + interval '1 day'") }
            let ahead = try #require(try await fixture.store.load(order)).updatedAt
            _ = try await fixture.store.execute(.initiatePayment, on: order)
            _ = try await fixture.store.execute(.recordPayment, on: order)
            let times = try await fixture.store.history(order).map(\.createdAt)
            #expect(times == [ahead, ahead, ahead])
            let outbox = "SELECT count(DISTINCT created_at) FROM outbox WHERE sequence_number > 0"
            #expect(try await fixture.number(outbox) == 1)
        }
    }

    @Test func unknownOrdersAreNotFound() async throws {
        try await Fixture.run { fixture in
            let loaded = try await fixture.store.load("nobody")
            let history = try await fixture.store.history("nobody")
            #expect(loaded == nil)
            #expect(history.isEmpty)
            await expectError(.notFound(orderID: "nobody")) {
                _ = try await fixture.store.execute(.cancel(reason: "x"), on: "nobody")
            }
        }
    }

    @Test func rejectionsWriteNothing() async throws {
        try await Fixture.run { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            await #expect(throws: EventStoreError.self) {
                _ = try await fixture.store.execute(.updateShippingStatus(.inTransit), on: order)
            }
            #expect(try await fixture.number("SELECT count(*) FROM event") == 1)
            #expect(try await fixture.number("SELECT count(*) FROM outbox") == 1)
        }
    }

    @Test func anExpectedVersionIsInsistedOn() async throws {
        try await Fixture.run { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            await expectError(.conflict(expected: 7, actual: 1)) {
                let options = CommandOptions(expectedVersion: 7)
                _ = try await fixture.store.execute(.cancel(reason: "x"), on: order, options: options)
            }
            let options = CommandOptions(expectedVersion: 1)
            #expect(try await fixture.store.execute(.cancel(reason: "x"), on: order, options: options).version == 2)
        }
    }

    @Test func theOutboxRowCarriesTheEventAndItsTrace() async throws {
        try await Fixture.run { fixture in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let order = try await fixture.store.place(Fixture.details, options: CommandOptions(traceparent: trace))
                .orderID
            let (found, type, payload, eventID) = try await fixture.sql { connection in
                let rows = try connection.query(
                    "SELECT headers->>'traceparent', event_type, payload, event_id FROM outbox WHERE aggregate_id = $1",
                    [.text(order)])
                return (try rows.string(0, 0), try rows.string(0, 1), try rows.bytes(0, 2), try rows.uuid(0, 3))
            }
            #expect(found == trace)
            #expect(try EventCodec.decode(type, payload) == .placed(Fixture.details))
            #expect(try await fixture.store.history(order).map(\.eventID) == [eventID])
        }
    }

    @Test func whatIsNoTraceContextIsLeftOut() async throws {
        try await Fixture.run { fixture in
            for trace in ["", "nonsense", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "nul\0"] {
                _ = try await fixture.store.place(Fixture.details, options: CommandOptions(traceparent: trace))
            }
            let count = try await fixture.number("SELECT count(*) FROM outbox WHERE headers IS NULL")
            #expect(count == 4)
        }
    }

    /// Postgres refuses a NUL in a text, and with it a whole query: one caller must not fail the batch of the
    /// others.
    @Test func anIdentifierThatCannotBeStoredIsAnOrderThatIsNotThere() async throws {
        try await Fixture.run { fixture in
            let loaded = try await fixture.store.load("nul\0")
            let history = try await fixture.store.history("nul\0")
            #expect(loaded == nil)
            #expect(history.isEmpty)
            await expectError(.notFound(orderID: "nul\0")) {
                _ = try await fixture.store.execute(.cancel(reason: "x"), on: "nul\0")
            }
        }
    }

    @Test func identifiersThatLookAlikeAreDifferentOrders() async throws {
        try await Fixture.run { fixture in
            let composed = "caf\u{E9}"
            let decomposed = "cafe\u{301}"
            _ = try await fixture.store.execute(.place(Fixture.details), on: composed)
            async let first = fixture.store.load(composed)
            async let second = fixture.store.load(decomposed)
            let versions = try await [first?.version, second?.version]
            #expect(versions == [1, nil])
        }
    }
}
