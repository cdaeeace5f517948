import EventStore
import Orders
import Threads

/// The orders that are being settled, and what each of them needs next. Pure: ``PaymentWork`` does what it says.
///
/// An order goes through at most three steps: its payment is initiated, the gateway is asked, the answer is recorded.
/// The steps of many orders share transactions: whatever waits for the event store is one batch of commands, and while
/// that is in flight the next one gathers. Each order succeeds or fails alone.
///
/// The gateway is asked only for an order whose initiation the event store has confirmed.
struct PaymentPipeline {
    /// Names an order in the pipeline; never used again.
    typealias Ticket = Int

    /// One request to the gateway.
    struct Call: Hashable {
        let ticket: Ticket
        let kind: Kind

        enum Kind: Hashable {
            case charge(PaymentRequest)
            case void(orderID: String)
        }
    }

    /// Commands to execute together.
    struct Batch {
        let tickets: [Ticket]
        let commands: [BatchedCommand]
    }

    /// The way in which one order left the pipeline.
    struct Finished: Sendable {
        let orderID: String
        let end: PaymentEnd
    }

    private struct Job {
        let orderID: String
        var command: OrderCommand
        var known: KnownOrder?
        var steps = 0
        var pauses = Backoff(first: PaymentsLimits.firstAttemptPause, longest: PaymentsLimits.longestAttemptPause)
    }

    private let attemptsPerOrder: Int
    private var jobs: [Ticket: Job] = [:]
    private var nextTicket = 0
    /// Orders whose answer is to be recorded, and orders whose payment is to be initiated: the former leave the
    /// pipeline, so they go first.
    private var recordings = TicketQueue()
    private var initiations = TicketQueue()
    private var calls: [Call] = []
    private var firstCall = 0
    private var batchesInFlight = 0
    private var pauses: [(ticket: Ticket, pause: Duration)] = []
    private var finished: [Finished] = []
    private(set) var limit: GatewayLimit
    /// Set when the process has no time left: nothing new is begun.
    private(set) var isCancelled = false

    /// - Parameters:
    ///   - attemptsPerOrder: failures in a row before the order is left for later.
    ///   - mostCalls: the bound of gateway calls at once.
    init(attemptsPerOrder: Int, mostCalls: Int) {
        self.attemptsPerOrder = attemptsPerOrder
        limit = GatewayLimit(most: mostCalls)
    }

    /// How many orders more are useful now: enough for the calls that may run, and for a batch on the way.
    var room: Int { max(0, 2 * limit.current + PaymentsLimits.commandsPerBatch - jobs.count) }

    // MARK: Orders

    /// - Parameter known: the order as its message told it; nil lets the event store load it.
    mutating func add(_ orderID: String, _ known: KnownOrder?) {
        jobs[nextTicket] = Job(orderID: orderID, command: .initiatePayment, known: known)
        initiations.append(nextTicket)
        nextTicket += 1
    }

    /// The orders that have left the pipeline since the last call.
    mutating func takeFinished() -> [Finished] {
        defer { finished = [] }
        return finished
    }

    /// Whether ``takeFinished()`` would return something.
    var hasFinished: Bool { !finished.isEmpty }

    /// Begins nothing any more.
    mutating func cancel() { isCancelled = true }

    // MARK: The event store

    /// The next commands; nil while enough are in flight, or none waits.
    mutating func takeBatch() -> Batch? {
        guard !isCancelled, batchesInFlight < PaymentsLimits.batchesInFlight else { return nil }
        var tickets = recordings.take(PaymentsLimits.commandsPerBatch)
        tickets += initiations.take(PaymentsLimits.commandsPerBatch - tickets.count)
        guard !tickets.isEmpty else { return nil }
        batchesInFlight += 1
        let commands = tickets.map { ticket in
            guard let job = jobs[ticket] else { preconditionFailure("a ticket waits for its order") }
            return BatchedCommand(job.command, on: job.orderID, known: job.known)
        }
        return Batch(tickets: tickets, commands: commands)
    }

    /// - Parameter outcomes: one for each command of the batch.
    mutating func executed(_ batch: Batch, _ outcomes: [BatchedOutcome]) {
        precondition(outcomes.count == batch.tickets.count, "the event store answers every command")
        batchesInFlight -= 1
        for (ticket, outcome) in zip(batch.tickets, outcomes) { executed(ticket, outcome) }
    }

    private mutating func executed(_ ticket: Ticket, _ outcome: BatchedOutcome) {
        guard let command = jobs[ticket]?.command else { return }
        switch outcome {
        case .appended(let order):
            switch command {
            case .recordPayment: finish(ticket, .paid)
            case .recordPaymentFailure: finish(ticket, .declined)
            default: advance(ticket, order)
            }
        case .rejected(_, let order): advance(ticket, order)
        case .failed(let error):
            let cause = error.debugDescription
            if case .internal = error { finish(ticket, .failed(cause)) } else { failed(ticket, cause) }
        }
    }

    /// The order's state, which the event store has confirmed, tells what it needs.
    private mutating func advance(_ ticket: Ticket, _ order: KnownOrder) {
        jobs[ticket]?.known = order
        jobs[ticket]?.steps += 1
        guard let job = jobs[ticket], job.steps <= PaymentsLimits.stepsPerOrder else {
            return finish(ticket, .failed("the order kept changing"))
        }
        switch PaymentStep(job.orderID, order.state) {
        case .nothing: finish(ticket, .nothingToDo)
        case .initiate: enqueue(ticket, .initiatePayment)
        case .charge(let request): calls.append(Call(ticket: ticket, kind: .charge(request)))
        case .void: calls.append(Call(ticket: ticket, kind: .void(orderID: job.orderID)))
        }
    }

    private mutating func enqueue(_ ticket: Ticket, _ command: OrderCommand) {
        jobs[ticket]?.command = command
        if command == .initiatePayment { initiations.append(ticket) } else { recordings.append(ticket) }
    }

    // MARK: The gateway

    /// The next call, which counts as running; nil while as many run as may, or none waits.
    mutating func takeCall() -> Call? {
        guard !isCancelled, limit.hasRoom, firstCall < calls.count else { return nil }
        limit.began()
        defer {
            firstCall += 1
            if firstCall * 2 > calls.count {
                calls.removeFirst(firstCall)
                firstCall = 0
            }
        }
        return calls[firstCall]
    }

    /// - Parameters:
    ///   - answer: nil for a void that was done.
    ///   - latency: how long the gateway took.
    mutating func answered(_ call: Call, _ answer: PaymentOutcome?, latency: Duration) {
        limit.ended(latency)
        switch answer {
        case .approved: enqueue(call.ticket, .recordPayment)
        case .declined(let reason): enqueue(call.ticket, .recordPaymentFailure(reason: recordable(reason)))
        case nil: finish(call.ticket, .voided)
        }
    }

    /// The gateway gave no answer.
    mutating func unanswered(_ call: Call, _ problem: String) {
        limit.ended(nil)
        failed(call.ticket, problem)
    }

    // MARK: Failures

    private mutating func failed(_ ticket: Ticket, _ problem: String) {
        guard let pause = jobs[ticket]?.pauses.failed(), let failures = jobs[ticket]?.pauses.failures else { return }
        guard failures < attemptsPerOrder, !isCancelled else { return finish(ticket, .failed(problem)) }
        pauses.append((ticket, pause))
    }

    /// The pauses that have begun since the last call; ``resume(_:)`` ends each.
    mutating func takePauses() -> [(ticket: Ticket, pause: Duration)] {
        defer { pauses = [] }
        return pauses
    }

    /// The pause of an order is over. What it needs is asked of the event store again.
    mutating func resume(_ ticket: Ticket) {
        guard jobs[ticket] != nil else { return }
        guard !isCancelled else { return finish(ticket, .failed("the process was stopping")) }
        jobs[ticket]?.known = nil
        enqueue(ticket, .initiatePayment)
    }

    private mutating func finish(_ ticket: Ticket, _ end: PaymentEnd) {
        guard let job = jobs.removeValue(forKey: ticket) else { return }
        finished.append(Finished(orderID: job.orderID, end: end))
    }
}

/// Tickets in the order of their arrival.
private struct TicketQueue {
    private var tickets: [PaymentPipeline.Ticket] = []

    mutating func append(_ ticket: PaymentPipeline.Ticket) { tickets.append(ticket) }

    mutating func take(_ most: Int) -> [PaymentPipeline.Ticket] {
        let taken = Array(tickets.prefix(most))
        tickets.removeFirst(taken.count)
        return taken
    }
}

/// A gateway's reason, made storable: without NUL, not empty, not too long.
private func recordable(_ reason: String) -> String {
    var scalars = String.UnicodeScalarView(
        reason.unicodeScalars.lazy.filter { $0 != "\0" }.prefix(OrderLimits.maximumReasonCharacters))
    if scalars.isEmpty { scalars.append(contentsOf: "declined without a reason".unicodeScalars) }
    return String(scalars)
}
