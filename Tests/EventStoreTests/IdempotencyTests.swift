import EventStore
import Orders
import Postgres
import TestKit
import Testing

struct IdempotencyTests {
    private func options(_ key: String, _ body: String = "body") -> CommandOptions {
        CommandOptions(idempotencyKey: IdempotencyKey(key, requestHash: Array(body.utf8)))
    }

    @Test func theSameRequestGetsTheFirstAnswerAgain() async throws {
        try await Fixture.run { fixture in
            let first = try await fixture.store.place(Fixture.details, options: options("k"))
            let again = try await fixture.store.place(Fixture.details, options: options("k"))
            #expect(!first.replayed)
            #expect(again == CommandOutcome(orderID: first.orderID, version: 1, replayed: true))
            // A cancelled order refuses a second cancellation; a repeated one gets the first answer.
            let cancelled = try await fixture.store.execute(
                .cancel(reason: "x"), on: first.orderID, options: options("c"))
            let repeated = try await fixture.store.execute(
                .cancel(reason: "x"), on: first.orderID, options: options("c"))
            #expect(repeated == CommandOutcome(orderID: first.orderID, version: cancelled.version, replayed: true))
            let events = try await fixture.number("SELECT count(*) FROM event")
            #expect(events == 2)
        }
    }

    @Test func aRetryIsNotHeldToTheVersionThatTheFirstRequestChanged() async throws {
        try await Fixture.run { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            var demanding = options("k")
            (demanding.expectedVersion, demanding.allowedVersions) = (1, [1, 7])
            let first = try await fixture.store.execute(.cancel(reason: "x"), on: order, options: demanding)
            let again = try await fixture.store.execute(.cancel(reason: "x"), on: order, options: demanding)
            #expect(again == CommandOutcome(orderID: order, version: first.version, replayed: true))
        }
    }

    @Test func anotherRequestUnderTheSameKeyIsRefused() async throws {
        try await Fixture.run { fixture in
            _ = try await fixture.store.place(Fixture.details, options: options("k"))
            await expectError(.idempotencyMismatch) {
                _ = try await fixture.store.place(Fixture.details, options: options("k", "another"))
            }
        }
    }

    @Test func aRefusedCommandLeavesNoKey() async throws {
        try await Fixture.run { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            await #expect(throws: EventStoreError.self) {
                _ = try await fixture.store.execute(.recordPayment, on: order, options: options("k"))
            }
            _ = try await fixture.store.execute(.initiatePayment, on: order)
            let paid = try await fixture.store.execute(.recordPayment, on: order, options: options("k"))
            #expect(!paid.replayed)
        }
    }

    @Test func aKeyInFlightIsRefused() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            let (foreigner, observer) = (try await Session(fixture.postgres), try await Session(fixture.postgres))
            try await foreigner.execute("BEGIN")
            try await foreigner.append("order_payment_initiated", to: order, at: 1)
            let first = Task { try await fixture.store.execute(.cancel(reason: "x"), on: order, options: options("k")) }
            try await observer.waitForBlockedStores()
            await expectError(.inFlight) {
                _ = try await fixture.store.execute(.cancel(reason: "x"), on: order, options: options("k"))
            }
            try await foreigner.execute("ROLLBACK")
            let outcome = try await first.value
            #expect(outcome.version == 2)
        }
    }

    /// Two servers, one key: the second command waits for the first at the key and gets the same answer.
    @Test func twoServersAnswerOneKeyOnce() async throws {
        try await Fixture.run { first in
            try await Fixture.run(url: first.postgres.url) { second in
                for round in 0..<30 {
                    let key = options("k\(round)")
                    async let left = first.store.place(Fixture.details, options: key)
                    async let right = second.store.place(Fixture.details, options: key)
                    let outcomes = try await [left, right]
                    #expect(outcomes[0].orderID == outcomes[1].orderID)
                    #expect(outcomes.filter(\.replayed).count == 1)
                }
                let events = try await first.number("SELECT count(*) FROM event")
                #expect(events == 30)
                let violations = try await first.violations()
                #expect(violations == 0)
            }
        }
    }

    @Test func theKeyOfALoserLeavesWithIt() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let order = try await fixture.store.place(Fixture.details).orderID
            let (foreigner, observer) = (try await Session(fixture.postgres), try await Session(fixture.postgres))
            try await foreigner.execute("BEGIN")
            try await foreigner.append("order_cancelled", to: order, at: 1)
            let loser = Task { try await fixture.store.execute(.initiatePayment, on: order, options: options("k")) }
            try await observer.waitForBlockedStores()
            try await foreigner.execute("COMMIT")
            await #expect(throws: EventStoreError.self) { try await loser.value }
            let keys = try await fixture.number("SELECT count(*) FROM idempotency_key")
            #expect(keys == 0)
        }
    }

    @Test func expiredKeysAreRemoved() async throws {
        var configuration = EventStoreConfiguration()
        configuration.cleanupInterval = .milliseconds(20)
        configuration.maximumKeysPerCleanup = 3
        try await Fixture.run(configuration) { fixture in
            let session = try await Session(fixture.postgres)
            _ = try await fixture.store.place(Fixture.details, options: options("fresh"))
            try await session.execute(
                """
                INSERT INTO idempotency_key (key, request_hash, event_id, order_id, order_version, created_at)
                SELECT 'old ' || n, '', gen_random_uuid(), 'x', 1, now() - interval '25 hours'
                FROM generate_series(1, 10) n
                """)
            try await session.wait("the cleanup", "SELECT count(*) FROM idempotency_key") { $0 == 1 }
            let fresh = try await session.number("SELECT count(*) FROM idempotency_key WHERE key = 'fresh'")
            #expect(fresh == 1)
        }
    }
}
