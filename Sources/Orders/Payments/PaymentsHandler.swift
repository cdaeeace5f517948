import Consumers
import Postgres

/// Starts work on the orders that messages name, commits what is settled, and looks for orders that Kafka lost.
final class PaymentsHandler: MessageHandler {
    private let configuration: PaymentsConfiguration
    private let tasks: PaymentWork
    private let reports: ConsumerReports<PaymentsHappening>
    private var machine = PaymentsMachine()
    private var recovery: RecoverySchedule
    private var openedTables: PaymentTables?
    /// Ends of work that the database has not been told.
    private var unrecorded: [PaymentPipeline.Finished] = []

    init(
        _ configuration: PaymentsConfiguration, _ tasks: PaymentWork, _ reports: ConsumerReports<PaymentsHappening>
    ) {
        self.configuration = configuration
        self.tasks = tasks
        self.reports = reports
        recovery = RecoverySchedule(interval: configuration.recoveryInterval)
    }

    private func tables() throws -> PaymentTables {
        if let openedTables, openedTables.connection.isAlive { return openedTables }
        let made = PaymentTables(try PostgresConnection(configuration.connection))
        openedTables = made
        // The lock on the pass went with the old connection.
        recovery.interrupted()
        return made
    }

    // MARK: Messages

    func handle(_ batch: MessageBatch) { machine.received(batch.messages) }

    var hasCommits: Bool { machine.hasCommits }

    func takeCommits() -> [Int32: Int64] { machine.takeCommits() }

    // MARK: Work on orders

    /// Takes the ends of tasks. The messages of an order count as settled only when a failure is written down.
    func beginRound() throws {
        let tables = try tables()
        unrecorded += tasks.takeFinished()
        guard !unrecorded.isEmpty else { return }
        try record(unrecorded, in: tables)
        for finished in unrecorded {
            machine.finished(finished.orderID)
            reports.ended(finished)
        }
        unrecorded = []
        reports.happened(.working(orders: machine.runningOrders))
    }

    /// Writes the failures down, and strikes out what is settled; one statement for each, whatever the number.
    private func record(_ finished: [PaymentPipeline.Finished], in tables: PaymentTables) throws {
        var failed: [(orderID: String, problem: String)] = []
        var settled: [String] = []
        for order in finished {
            if case .failed(let problem) = order.end {
                failed.append((order.orderID, problem))
            } else {
                settled.append(order.orderID)
            }
        }
        if !failed.isEmpty {
            try tables.recordFailures(failed)
            recovery.retryIsKnown()
        }
        if recovery.mayHaveRetries, !settled.isEmpty { try tables.removeSettled(settled) }
    }

    func work() throws -> ConsumerDemand {
        try recover(tables())
        startWork()
        return ConsumerDemand(
            wantsMessages: !machine.isFull, nextWork: recovery.nextDue(hasRoom: !machine.isFull))
    }

    private func startWork() {
        let jobs = machine.take(tasks.room)
        guard !jobs.isEmpty else { return }
        tasks.start(jobs)
        reports.happened(.working(orders: machine.runningOrders))
    }

    var isBusy: Bool { machine.runningOrders > 0 }

    func cancelWork() { tasks.cancelAll() }

    /// Messages that were taken over stay in the machine, whatever failed.
    func failed(_ error: any Error) -> PositionsAfterFailure {
        if let openedTables, !openedTables.connection.isUsable { self.openedTables = nil }
        return .kept
    }

    // MARK: The event store, for what Kafka no longer has

    private func recover(_ tables: PaymentTables) throws {
        if recovery.areRetriesDue {
            for orderID in try tables.takeDueRetries() { machine.add(orderID, .retry) }
            recovery.nextRetry(in: try tables.untilNextRetry())
        }
        if recovery.isPassDue {
            recovery.begun(try tables.beginPass())
        }
        if let slice = recovery.nextSlice, !machine.isFull {
            let found = try tables.unsettledOrders(slice)
            for orderID in found { machine.add(orderID, .recoveryPass) }
            recovery.searched(found: found.count)
        }
        if let walk = recovery.walkToEnd(ordersLeft: machine.ordersOfPass) {
            try tables.endPass(walk)
            reports.recovered(orders: recovery.ended())
        }
    }

    // MARK: Partitions

    /// Where the group left off; where that is unknown or lost, at the end, and a recovery pass finds what was missed.
    func positions(for request: PositionRequest, from source: any MessageSource) throws -> [Int32: Int64] {
        let known = request.partitions.filter { request.lost[$0] == nil }
        var positions = known.isEmpty ? [:] : try source.committedOffsets(of: known)
        let unknown = request.partitions.filter { positions[$0] == nil }
        if !unknown.isEmpty {
            positions.merge(try source.endOffsets(of: unknown)) { known, _ in known }
            reports.restarted(
                partitions: unknown.count, reason: request.reason ?? "the group has committed nothing there")
        }
        if request.isNewAssignment {
            recovery.assigned(isBlind: !unknown.isEmpty)
            machine.assigned(positions)
        } else {
            recovery.requested()
            for (partition, offset) in positions { machine.restarted(partition, at: offset) }
        }
        return positions
    }

    func revoked() { machine.revoked() }
}
