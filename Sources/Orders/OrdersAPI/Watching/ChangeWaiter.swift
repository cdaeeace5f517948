import Synchronization

/// Waits for changes of one order, on behalf of one task. Any number of wake-ups before a ``wait()`` count as one.
final class ChangeWaiter: Sendable {
    /// Why a wait ended.
    enum Wake: Sendable {
        /// The order may have changed: read it.
        case changed
        /// There was no change for a while: a transport may send a sign of life.
        case quiet
        /// The server is stopping.
        case closed
    }

    /// The wake-ups that were not taken yet, and the task that is suspended until there is one.
    private struct State {
        var isChanged = false
        var isQuiet = false
        var isClosed = false
        var isCancelled = false
        var continuation: CheckedContinuation<Wake, any Error>?

        /// The most important wake-up; nil if there is none.
        mutating func take() -> Wake? {
            if isClosed { return .closed }
            if isChanged {
                (isChanged, isQuiet) = (false, false)
                return .changed
            }
            if isQuiet {
                isQuiet = false
                return .quiet
            }
            return nil
        }
    }

    private let state = Mutex(State())

    /// Suspends until there is a wake-up, and takes it. One task at a time.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; the waiter can be used again.
    func wait() async throws -> Wake {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Wake, any Error>? = state.withLock { state in
                    if state.isCancelled {
                        state.isCancelled = false
                        return .failure(CancellationError())
                    }
                    if let wake = state.take() { return .success(wake) }
                    state.continuation = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                if state.continuation == nil { state.isCancelled = true }
                return state.continuation.take()
            }
            continuation?.resume(throwing: CancellationError())
        }
    }

    /// Notes a wake-up and resumes the waiting task, if there is one.
    func wake(_ reason: Wake) {
        let resumed: (CheckedContinuation<Wake, any Error>, Wake)? = state.withLock { state in
            switch reason {
            case .changed: state.isChanged = true
            case .quiet: state.isQuiet = true
            case .closed: state.isClosed = true
            }
            guard let continuation = state.continuation, let wake = state.take() else { return nil }
            state.continuation = nil
            return (continuation, wake)
        }
        resumed?.0.resume(returning: resumed?.1 ?? reason)
    }
}
