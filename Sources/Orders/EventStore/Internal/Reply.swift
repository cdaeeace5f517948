import Synchronization

/// The answer to one request, awaited by one caller that may be cancelled.
///
/// The first event decides. If the caller is cancelled before the request is claimed, the answer is `cancelled` and the
/// request must be dropped. If the request is claimed first, a cancellation has no effect and the caller gets the
/// outcome.
final class Reply<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, EventStoreError>
    /// Unchecked: the phases guarantee that it is resumed once, and the check would cost an allocation per request.
    typealias Continuation = UnsafeContinuation<Outcome, Never>

    /// Without associated values, so that a change of phase copies a byte and not an outcome.
    private enum Phase {
        case created
        /// The caller waits, and may still be cancelled.
        case waiting
        /// The request is being worked on, and the caller does not wait yet.
        case claimed
        /// The request is being worked on, and the caller waits.
        case claimedAndWaiting
        /// The outcome is there, and the caller has not taken it yet.
        case finished
        /// The caller has the outcome.
        case answered
    }

    private let phase = Mutex(Phase.created)
    /// Guarded by `phase`; set while the caller waits.
    nonisolated(unsafe) private var continuation: Continuation?
    /// Guarded by `phase`; set in the phase `finished`.
    nonisolated(unsafe) private var outcome: Outcome?

    /// Suspends until the answer is there. May be called once.
    ///
    /// - Parameter start: called when the caller waits; not called if the answer is there already, which includes the
    ///   cancellation of the caller.
    func await(_ start: () -> Void) async -> Outcome {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if let outcome = register(continuation) {
                    continuation.resume(returning: outcome)
                } else {
                    start()
                }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Returns the answer if it is there already.
    private func register(_ continuation: Continuation) -> Outcome? {
        phase.withLock { phase in
            switch phase {
            case .created: phase = .waiting
            case .claimed: phase = .claimedAndWaiting
            case .finished:
                phase = .answered
                return outcome.take()
            case .waiting, .claimedAndWaiting, .answered: preconditionFailure("a reply is awaited once")
            }
            self.continuation = continuation
            return nil
        }
    }

    /// Work on the request is about to start. Returns false if the caller was cancelled: then it must be dropped.
    func claim() -> Bool {
        phase.withLock { phase in
            switch phase {
            case .created: phase = .claimed
            case .waiting: phase = .claimedAndWaiting
            case .claimed, .claimedAndWaiting: break
            case .finished, .answered: return false
            }
            return true
        }
    }

    /// Answers `cancelled`. Has no effect once the request is claimed.
    func cancel() {
        answer(.failure(.cancelled)) { $0 == .created || $0 == .waiting }
    }

    /// Answers with the outcome. Has no effect if there is an answer already.
    func finish(_ outcome: Outcome) {
        answer(outcome) { _ in true }
    }

    private func answer(_ outcome: Outcome, ifIn isFit: (Phase) -> Bool) {
        let continuation: Continuation? = phase.withLock { phase in
            guard isFit(phase) else { return nil }
            switch phase {
            case .created, .claimed:
                phase = .finished
                self.outcome = outcome
                return nil
            case .waiting, .claimedAndWaiting:
                phase = .answered
                return self.continuation.take()
            case .finished, .answered: return nil
            }
        }
        continuation?.resume(returning: outcome)
    }
}
