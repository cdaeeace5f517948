import Synchronization
import Threads
import Values

/// The tasks that settle orders. The thread of payments starts them; each end wakes the thread.
final class PaymentWork: Sendable {
    /// How one task ended.
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

    /// To be called only when no task of this order is running.
    func start(_ orderID: String) {
        // Made under the lock, so that the task cannot end before it is entered here.
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

    /// What has ended since the last call.
    func takeFinished() -> [Finished] {
        state.withLock { state in
            defer { state.finished = [] }
            return state.finished
        }
    }

    /// Ends the pauses between attempts, and gateway calls that react to cancellation.
    func cancelAll() {
        let tasks = state.withLock { Array($0.tasks.values) }
        for task in tasks { task.cancel() }
    }
}
