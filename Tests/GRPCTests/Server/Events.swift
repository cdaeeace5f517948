import NIOConcurrencyHelpers

/// The events of handlers, for which a test can wait.
final class Events: Sendable {
    private let state = NIOLockedValueBox(State())

    private struct State {
        var writes = 0
        var cancellations = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    var writes: Int { state.withLockedValue { $0.writes } }

    var cancellations: Int { state.withLockedValue { $0.cancellations } }

    func wrote() { state.withLockedValue { $0.writes += 1 } }

    /// Waits until the calling task is cancelled, and records that.
    func hang() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
        cancelled()
    }

    /// Records a cancellation.
    func cancelled() {
        let cancelled = state.withLockedValue { state in
            state.cancellations += 1
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in cancelled { waiter.resume() }
    }

    /// Returns once a hanging handler was cancelled.
    func waitForCancellation() async {
        await withCheckedContinuation { waiter in
            let isThere = state.withLockedValue { state in
                if state.cancellations == 0 { state.waiters.append(waiter) }
                return state.cancellations > 0
            }
            if isThere { waiter.resume() }
        }
    }
}
