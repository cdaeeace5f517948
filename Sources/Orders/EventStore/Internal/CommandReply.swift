import Orders
import Synchronization

/// Where the answer to one command goes.
enum CommandReply: Sendable {
    /// To a caller that waits for this command alone.
    case alone(Reply<CommandOutcome>)
    /// To a caller that waits for all commands of a batch.
    case batched(CommandBatch, index: Int)

    /// Whether the answer holds the order's head.
    var wantsHead: Bool { if case .batched = self { true } else { false } }

    /// Work on the command is about to start. Returns false if its caller was cancelled: then it must be dropped.
    func claim() -> Bool {
        switch self {
        case .alone(let reply): reply.claim()
        case .batched: true
        }
    }

    /// - Parameter head: the order's head after the decision, if ``wantsHead``.
    func finish(_ result: Result<CommandOutcome, EventStoreError>, _ head: StreamHead? = nil) {
        switch self {
        case .alone(let reply): reply.finish(result)
        case .batched(let batch, let index): batch.finish(index, result, head)
        }
    }
}

/// The answers to the commands of one batch, awaited by one caller. The caller cannot be cancelled: a batch that has
/// begun is finished.
final class CommandBatch: Sendable {
    private struct State {
        var outcomes: [BatchedOutcome?]
        var missing: Int
        var continuation: UnsafeContinuation<[BatchedOutcome], Never>?
    }

    private let orders: [String]
    private let state: Mutex<State>

    /// - Parameter orders: the orders of the commands, at least one.
    init(_ orders: [String]) {
        self.orders = orders
        state = Mutex(State(outcomes: Array(repeating: nil, count: orders.count), missing: orders.count))
    }

    /// Suspends until every command is answered. To be called once.
    ///
    /// - Parameter start: submits the commands.
    func await(_ start: () -> Void) async -> [BatchedOutcome] {
        await withUnsafeContinuation { continuation in
            state.withLock { $0.continuation = continuation }
            start()
        }
    }

    func finish(_ index: Int, _ result: Result<CommandOutcome, EventStoreError>, _ head: StreamHead?) {
        let outcome = outcome(orders[index], result, head)
        let ready = state.withLock { state -> (UnsafeContinuation<[BatchedOutcome], Never>, [BatchedOutcome])? in
            guard state.outcomes[index] == nil else { return nil }
            state.outcomes[index] = outcome
            state.missing -= 1
            guard state.missing == 0, let continuation = state.continuation.take() else { return nil }
            return (continuation, state.outcomes.compactMap { $0 })
        }
        if let (continuation, outcomes) = ready { continuation.resume(returning: outcomes) }
    }

    private func outcome(
        _ orderID: String, _ result: Result<CommandOutcome, EventStoreError>, _ head: StreamHead?
    ) -> BatchedOutcome {
        switch (result, head) {
        case (.success, let head?): .appended(KnownOrder(orderID, head))
        case (.success, nil): .failed(.internal("an answer without the order's head"))
        case (.failure(.rejected(let rejection)), let head?): .rejected(rejection, KnownOrder(orderID, head))
        case (.failure(.notFound), _):
            .rejected(OrderRejection(.orderNotFound, "there is no such order"), KnownOrder(orderID, .empty))
        case (.failure(let error), _): .failed(error)
        }
    }
}
