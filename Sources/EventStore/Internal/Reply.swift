internal import Synchronization

/// The one answer to one request, awaited by one caller who may leave.
///
/// Whoever comes first decides: a caller that leaves before the request is claimed is answered `cancelled` and the request is
/// dropped; once claimed, the caller waits for the true outcome.
final class Reply<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, EventStoreError>
    typealias Continuation = CheckedContinuation<Outcome, Never>

    private enum State {
        case created
        case waiting(Continuation)
        case claimed(Continuation?)
        case finished(Outcome)
        case answered
    }

    private let state = Mutex(State.created)

    /// Suspends until the answer is there. `start` is called once the reply can be finished, and not at all if the caller has left.
    func await(_ start: () -> Void) async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
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
        state.withLock { state in
            switch state {
            case .created: state = .waiting(continuation)
            case .claimed: state = .claimed(continuation)
            case .finished(let outcome):
                state = .answered
                return outcome
            case .waiting, .answered: preconditionFailure("a reply is awaited once")
            }
            return nil
        }
    }

    /// The request is about to be worked on. Returns false if the caller has left: then it must be dropped.
    func claim() -> Bool {
        state.withLock { state in
            switch state {
            case .created: state = .claimed(nil)
            case .waiting(let continuation): state = .claimed(continuation)
            case .claimed: break
            case .finished, .answered: return false
            }
            return true
        }
    }

    /// The caller leaves. Has no effect once the request is claimed.
    func cancel() {
        let continuation: Continuation? = state.withLock { state in
            switch state {
            case .created: state = .finished(.failure(.cancelled))
            case .waiting(let continuation):
                state = .answered
                return continuation
            case .claimed, .finished, .answered: break
            }
            return nil
        }
        continuation?.resume(returning: .failure(.cancelled))
    }

    /// Answers. A second answer, or one to a caller that left, has no effect.
    func finish(_ outcome: Outcome) {
        let continuation: Continuation? = state.withLock { state in
            switch state {
            case .created, .claimed(nil):
                state = .finished(outcome)
                return nil
            case .waiting(let continuation), .claimed(let continuation?):
                state = .answered
                return continuation
            case .finished, .answered: return nil
            }
        }
        continuation?.resume(returning: outcome)
    }
}
