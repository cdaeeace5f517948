import Postgres
import Synchronization
import Threads
import Values

/// The tasks that settle orders, started by the thread of payments and heard of through its wake descriptor.
final class PaymentWork: Sendable {
    struct Finished: Sendable {
        let orderID: String
        let end: PaymentEnd
    }

    private struct State {
        var tasks: [ExactText: Task<Void, Never>] = [:]
        var finished: [Finished] = []
    }

    private let process: PaymentProcess
    private let wake: WakeDescriptor
    private let state = Mutex(State())

    init(_ process: PaymentProcess, _ wake: WakeDescriptor) {
        self.process = process
        self.wake = wake
    }

    func start(_ orderID: String) {
        // Made under the lock, so that its end cannot come before its beginning is written down.
        state.withLock { state in
            state.tasks[ExactText(orderID)] = Task { [self] in finish(orderID, await process.settle(orderID)) }
        }
    }

    private func finish(_ orderID: String, _ end: PaymentEnd) {
        state.withLock { state in
            state.tasks[ExactText(orderID)] = nil
            state.finished.append(Finished(orderID: orderID, end: end))
        }
        wake.wake()
    }

    func takeFinished() -> [Finished] {
        state.withLock { state in
            defer { state.finished = [] }
            return state.finished
        }
    }

    /// Ends the pauses between attempts, and whatever heeds cancellation in the gateway.
    func cancelAll() {
        let tasks = state.withLock { Array($0.tasks.values) }
        for task in tasks { task.cancel() }
    }
}
