import Synchronization
import Values

/// The waiters for changes of orders. There is one table per server, so that idle watches cost the database nothing.
final class OrderChanges: Sendable {
    private struct State {
        var waiters: [ExactText: [ObjectIdentifier: ChangeWaiter]] = [:]
        /// Of waiters, of all orders together.
        var count = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let maximumWaiters: Int

    /// - Parameter maximumWaiters: a further waiter is refused.
    init(maximumWaiters: Int = APILimits.maximumWatchers) {
        self.maximumWaiters = maximumWaiters
    }

    /// The number of waiters.
    var count: Int { state.withLock { $0.count } }

    /// Runs `body` with a waiter for one order. The order must be read in `body`, not before: a change between the read
    /// and the registration would be missed.
    ///
    /// - Throws: RESOURCE_EXHAUSTED when there are too many waiters, UNAVAILABLE after ``close()``, and the errors of
    ///   `body`.
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
            assert(state.count >= 0, "a waiter is forgotten once")
            let order = ExactText(orderID)
            state.waiters[order]?[ObjectIdentifier(waiter)] = nil
            if state.waiters[order]?.isEmpty == true { state.waiters[order] = nil }
        }
    }

    /// Wakes the waiters for this order, which has changed.
    func changed(_ orderID: String) {
        let woken: [ChangeWaiter] = state.withLock { state in
            // Nobody watches: the usual case.
            guard !state.waiters.isEmpty else { return [] }
            return state.waiters[ExactText(orderID)].map { Array($0.values) } ?? []
        }
        for waiter in woken { waiter.wake(.changed) }
    }

    /// Wakes the waiters for these orders, which may have changed.
    func changed(_ orderIDs: some Sequence<String>) {
        let woken = state.withLock { state in
            orderIDs.flatMap { state.waiters[ExactText($0)].map { Array($0.values) } ?? [] }
        }
        for waiter in woken { waiter.wake(.changed) }
    }

    /// Wakes all waiters, because any order may have changed.
    func anyChanged() { wakeAll(.changed) }

    /// Tells all waiters that there was no change for a while.
    func quiet() { wakeAll(.quiet) }

    /// Tells all waiters that the server stops, and refuses new ones.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeAll(.closed)
    }

    private func wakeAll(_ reason: ChangeWaiter.Wake) {
        let woken = state.withLock { $0.waiters.values.flatMap { Array($0.values) } }
        for waiter in woken { waiter.wake(reason) }
    }
}
