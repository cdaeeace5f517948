import Postgres
import Synchronization
import Values

/// Who waits for which order to change: one table per server, so that idle watchers cost the database nothing.
final class OrderChanges: Sendable {
    private struct State {
        var waiters: [ExactText: [ObjectIdentifier: ChangeWaiter]] = [:]
        var count = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let maximumWaiters: Int

    init(maximumWaiters: Int = APILimits.maximumWatchers) {
        self.maximumWaiters = maximumWaiters
    }

    /// How many wait.
    var count: Int { state.withLock { $0.count } }

    /// Runs `body` with a waiter for one order. Look at the order after this, not before: a change in between would be
    /// missed.
    func withWaiter<Value>(
        for orderID: String, _ body: (ChangeWaiter) async throws -> Value
    ) async throws -> Value {
        let waiter = ChangeWaiter()
        try register(waiter, for: orderID)
        defer { forget(waiter, for: orderID) }
        return try await body(waiter)
    }

    private func register(_ waiter: ChangeWaiter, for orderID: String) throws(APIError) {
        let problem: APIError? = state.withLock { state in
            if state.isClosed { return .unavailable("the server is stopping") }
            if state.count >= maximumWaiters {
                var error = APIError(
                    .resourceExhausted, reason: "TOO_MANY_WATCHERS", "this server has as many watchers as it can bear")
                error.retryAfter = .seconds(5)
                return error
            }
            state.count += 1
            state.waiters[ExactText(orderID), default: [:]][ObjectIdentifier(waiter)] = waiter
            return nil
        }
        if let problem { throw problem }
    }

    private func forget(_ waiter: ChangeWaiter, for orderID: String) {
        state.withLock { state in
            state.count -= 1
            let order = ExactText(orderID)
            state.waiters[order]?[ObjectIdentifier(waiter)] = nil
            if state.waiters[order]?.isEmpty == true { state.waiters[order] = nil }
        }
    }

    /// These orders may have changed.
    func changed(_ orderIDs: some Sequence<String>) {
        let woken = state.withLock { state in
            orderIDs.flatMap { state.waiters[ExactText($0)].map { Array($0.values) } ?? [] }
        }
        for waiter in woken { waiter.wake(.changed) }
    }

    /// Any order may have changed.
    func anyChanged() { wakeAll(.changed) }

    /// Nothing was heard for a while.
    func quiet() { wakeAll(.quiet) }

    /// The server stops: everybody is told, and nobody can wait any more.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeAll(.closed)
    }

    private func wakeAll(_ reason: ChangeWaiter.Wake) {
        let woken = state.withLock { $0.waiters.values.flatMap { Array($0.values) } }
        for waiter in woken { waiter.wake(reason) }
    }
}
