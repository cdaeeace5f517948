import EventStore
import Sabotage
import Synchronization
import Threads

/// Does what the ``PaymentPipeline`` says, in tasks. Orders come from the thread of payments, and their ends wake it.
final class PaymentWork: Sendable {
    private struct State {
        var pipeline: PaymentPipeline
        /// The tasks that call the gateway or pause: those that ``cancelAll()`` has to end.
        var tasks: [Int: Task<Void, Never>] = [:]
        var nextTask = 0
    }

    private let orders: any OrderCommands
    private let gateway: any PaymentGateway
    private let wake: WakeDescriptor
    private let state: Mutex<State>

    /// - Parameter wake: woken when orders are finished.
    init(_ pipeline: PaymentPipeline, orders: any OrderCommands, gateway: any PaymentGateway, wake: WakeDescriptor) {
        self.orders = orders
        self.gateway = gateway
        self.wake = wake
        state = Mutex(State(pipeline: pipeline))
    }

    /// How many orders more are useful now.
    var room: Int { state.withLock { $0.pipeline.room } }

    /// To be called only with orders that are not worked on.
    func start(_ jobs: [PaymentsMachine.Job]) {
        change { pipeline in
            for job in jobs { pipeline.add(job.orderID, job.known) }
        }
    }

    /// The orders that are finished since the last call.
    func takeFinished() -> [PaymentPipeline.Finished] {
        state.withLock { $0.pipeline.takeFinished() }
    }

    /// Begins nothing any more, ends the pauses between attempts, and gateway calls that react to cancellation.
    func cancelAll() {
        let tasks = state.withLock { state in
            state.pipeline.cancel()
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
    }

    // MARK: Tasks

    /// Changes the pipeline and begins what it then asks for.
    ///
    /// - Parameter caller: a gateway task that has nothing more to do; it is given the next call, if there is one.
    @discardableResult
    private func change(
        by caller: Int? = nil, _ body: (inout PaymentPipeline) -> Void
    ) -> PaymentPipeline.Call? {
        let (call, wakes) = state.withLock { state in
            let hadFinished = state.pipeline.hasFinished
            body(&state.pipeline)
            while let batch = state.pipeline.takeBatch() { execute(batch) }
            let call = caller == nil ? nil : state.pipeline.takeCall()
            if let caller, call == nil { state.tasks[caller] = nil }
            while let call = state.pipeline.takeCall() {
                begin(in: &state) { work, task in await work.ask(call, task) }
            }
            for (ticket, pause) in state.pipeline.takePauses() {
                begin(in: &state) { work, task in await work.rest(ticket, pause, task) }
            }
            return (call, !hadFinished && state.pipeline.hasFinished)
        }
        if wakes { wake.wake() }
        return call
    }

    /// Begun under the lock, so that the task cannot end before it is entered.
    private func begin(in state: inout State, _ body: @escaping @Sendable (PaymentWork, Int) async -> Void) {
        let task = state.nextTask
        state.nextTask += 1
        state.tasks[task] = Task { [self] in await body(self, task) }
    }

    /// Not cancelled: what the event store was asked to do is done anyway.
    private func execute(_ batch: PaymentPipeline.Batch) {
        Task { [self] in
            let outcomes = await orders.execute(batch.commands)
            change { $0.executed(batch, outcomes) }
        }
    }

    /// Asks the gateway, and goes on with the calls that wait.
    private func ask(_ first: PaymentPipeline.Call, _ task: Int) async {
        var next: PaymentPipeline.Call? = first
        while let call = next {
            let begin = ContinuousClock.now
            do {
                let answer = try await answer(to: call)
                next = change(by: task) { $0.answered(call, answer, latency: .now - begin) }
            } catch {
                next = change(by: task) { $0.unanswered(call, "\(error)") }
            }
        }
    }

    /// Nil for a void that was done.
    private func answer(to call: PaymentPipeline.Call) async throws -> PaymentOutcome? {
        switch call.kind {
        case .charge(let request):
            try FailPoint.paymentsBeforeCharge.reached()
            let outcome = try await gateway.charge(request)
            try FailPoint.paymentsAfterCharge.reached()
            return outcome
        case .void(let orderID):
            try await gateway.void(orderID: orderID)
            return nil
        }
    }

    private func rest(_ ticket: PaymentPipeline.Ticket, _ pause: Duration, _ task: Int) async {
        // A cancelled sleep: the process is stopping and there is no time left; then the pipeline gives the order up.
        try? await ContinuousClock().sleep(for: pause)
        state.withLock { $0.tasks[task] = nil }
        change { $0.resume(ticket) }
    }
}
