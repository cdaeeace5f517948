import Synchronization

/// The answer to one request, for one caller, which may leave before.
///
/// The caller either awaits the answer or gives a function that is called with it. The first event decides: if the
/// caller leaves before the request is claimed, the answer is `cancelled` and the request is dropped; if the request is
/// claimed first, leaving has no effect and the caller gets the outcome.
public final class Reply<Value: Sendable>: Sendable {
    /// A value, or the reason why there is none.
    public typealias Outcome = Result<Value, EventStoreError>
    /// Unchecked: the phases guarantee that it is resumed once, and the check would cost an allocation per request.
    typealias Continuation = UnsafeContinuation<Outcome, Never>

    /// The caller.
    private enum Waiter {
        case task(Continuation)
        case function(@Sendable (Outcome) -> Void)
    }

    /// An outcome as an object: code that is compiled for any `Value` moves a reference without a look-up of types.
    private final class Early: Sendable {
        let outcome: Outcome

        init(_ outcome: Outcome) {
            self.outcome = outcome
        }
    }

    private let phase = Mutex(ReplyPhase.created)
    /// Guarded by `phase`; set while the caller waits.
    nonisolated(unsafe) private var waiter: Waiter?
    /// Guarded by `phase`; set in the phase `finished`.
    nonisolated(unsafe) private var early: Early?
    /// Called once, before the caller gets the outcome.
    private let answered: (@Sendable () -> Void)?

    /// A reply without an outcome.
    public convenience init() {
        self.init(answered: nil)
    }

    /// - Parameter answered: called once, when there is an outcome and before the caller gets it.
    init(answered: (@Sendable () -> Void)?) {
        self.answered = answered
    }

    /// A reply with an outcome from the beginning.
    public static func answered(_ outcome: Outcome) -> Reply {
        let reply = Reply()
        reply.finish(outcome)
        return reply
    }

    // MARK: - For the caller

    /// Suspends until the answer is there. To be called once, and not with ``whenAnswered(_:)``. The cancellation of
    /// the calling task is ``cancel()``.
    ///
    /// - Parameter start: called when the caller waits; not called if the answer is there already, which includes the
    ///   cancellation of the caller.
    public func await(_ start: () -> Void = {}) async -> Outcome {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if let early = register(.task(continuation)) {
                    continuation.resume(returning: early.outcome)
                } else {
                    start()
                }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Calls `body` with the answer: at once if it is there already, otherwise on the thread that answers, which must
    /// not be blocked. To be called once, and not with ``await(_:)``.
    public func whenAnswered(_ body: @escaping @Sendable (Outcome) -> Void) {
        if let early = register(.function(body)) { Self.call(body, early) }
    }

    /// Apart, because `whenAnswered` would look up types even if there is no early answer.
    @inline(never)
    private static func call(_ body: (Outcome) -> Void, _ early: Early) { body(early.outcome) }

    /// The caller leaves: answers `cancelled`. Has no effect once the request is claimed.
    public func cancel() {
        answer(.failure(.cancelled)) { $0 == .created || $0 == .waiting }
    }

    /// Returns the answer if it is there already.
    private func register(_ waiter: Waiter) -> Early? {
        phase.withLock { phase in
            switch phase {
            case .created: phase = .waiting
            case .claimed: phase = .claimedAndWaiting
            case .finished:
                phase = .answered
                return early.take()
            case .waiting, .claimedAndWaiting, .answered: preconditionFailure("a reply has one caller")
            }
            self.waiter = waiter
            return nil
        }
    }

    // MARK: - For the worker

    /// Work on the request is about to start. Returns false if the caller has left: then it must be dropped.
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

    /// Answers with the outcome. Has no effect if there is an answer already.
    public func finish(_ outcome: Outcome) {
        answer(outcome) { _ in true }
    }

    private func answer(_ outcome: Outcome, ifIn isFit: (ReplyPhase) -> Bool) {
        let (isFirst, waiter): (Bool, Waiter?) = phase.withLock { phase in
            guard isFit(phase) else { return (false, nil) }
            switch phase {
            case .created, .claimed:
                phase = .finished
                early = Early(outcome)
                // A caller may take the outcome from now on.
                answered?()
                return (true, nil)
            case .waiting, .claimedAndWaiting:
                phase = .answered
                return (true, self.waiter.take())
            case .finished, .answered: return (false, nil)
            }
        }
        guard isFirst, let waiter else { return }
        answered?()
        switch waiter {
        case .task(let continuation): continuation.resume(returning: outcome)
        case .function(let body): body(outcome)
        }
    }
}

/// The phases of a ``Reply``. Without associated values, so that a change of phase copies a byte and not an outcome.
private enum ReplyPhase {
    case created
    /// The caller waits, and may still leave.
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
