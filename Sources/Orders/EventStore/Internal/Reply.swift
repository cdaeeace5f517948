import Synchronization

/// The one answer to one request, awaited by one caller who may leave.
///
/// Whoever comes first decides: a caller that leaves before the request is claimed is answered `cancelled` and the
/// request is dropped; once claimed, the caller waits for the true outcome.
final class Reply<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, EventStoreError>
    /// Unchecked, because the phases see to it that it is resumed once; the check would cost an allocation per request.
    typealias Continuation = UnsafeContinuation<Outcome, Never>

    /// Not generic, so that passing through the phases copies a byte and not an outcome.
    private enum Phase {
        case created
        /// The caller waits, and may still leave.
        case waiting
        /// The request is worked on, and the caller has not come yet.
        case claimed
        /// The request is worked on, and the caller waits.
        case claimedAndWaiting
        /// The outcome waits for the caller.
        case finished
        case answered
    }

    private let phase = Mutex(Phase.created)
    /// Guarded by `phase`; there while the caller waits.
    nonisolated(unsafe) private var continuation: Continuation?
    /// Guarded by `phase`; there while the outcome waits.
    nonisolated(unsafe) private var outcome: Outcome?

    /// Suspends until the answer is there. `start` is called once the reply can be finished, and not at all if the
    /// caller has left.
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

    /// The request is about to be worked on. Returns false if the caller has left: then it must be dropped.
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

    /// The caller leaves. Has no effect once the request is claimed.
    func cancel() {
        answer(.failure(.cancelled)) { $0 == .created || $0 == .waiting }
    }

    /// Answers. A second answer, or one to a caller that left, has no effect.
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
