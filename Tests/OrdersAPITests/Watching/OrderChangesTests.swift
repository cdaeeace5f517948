import Testing

@testable import OrdersAPI

struct OrderChangesTests {
    @Test func onlyTheChangedOrdersWaitersAreWoken() async throws {
        let changes = OrderChanges()
        try await changes.withWaiter(for: "a") { a in
            try await changes.withWaiter(for: "b") { b in
                changes.changed(["b", "unwatched"])
                changes.quiet()
                let (first, second) = (try await b.wait(), try await a.wait())
                #expect(first == .changed)
                #expect(second == .quiet)
                #expect(changes.count == 2)
            }
        }
        #expect(changes.count == 0)
    }

    /// Postgres tells composed and decomposed ids apart; Swift's strings do not.
    @Test func ordersThatLookAlikeAreDifferentOrders() async throws {
        let changes = OrderChanges()
        try await changes.withWaiter(for: "caf\u{E9}") { composed in
            changes.changed(["cafe\u{301}"])
            changes.quiet()
            let wake = try await composed.wait()
            #expect(wake == .quiet)
        }
    }

    @Test func oneWatcherTooManyIsRefused() async throws {
        let changes = OrderChanges(maximumWaiters: 1)
        try await changes.withWaiter(for: "a") { _ in
            #expect(await refusal(of: changes) == .resourceExhausted)
        }
        try await changes.withWaiter(for: "a") { _ in }
    }

    @Test func closingWakesAllAndRefusesNew() async throws {
        let changes = OrderChanges()
        try await changes.withWaiter(for: "a") { waiter in
            changes.close()
            let wake = try await waiter.wait()
            #expect(wake == .closed)
        }
        #expect(await refusal(of: changes) == .unavailable)
    }

    /// Why a further waiter is refused; nil if it is not.
    private func refusal(of changes: OrderChanges) async -> APIStatusCode? {
        do {
            try await changes.withWaiter(for: "a") { _ in }
            return nil
        } catch {
            return (error as? APIError)?.code
        }
    }
}
