import Logging
import Postgres
import Threads

/// The thread of payments: reads messages, starts work on orders, commits what is dealt with, looks for what was lost.
final class PaymentsSession {
    private let configuration: PaymentsConfiguration
    private let wake: WakeDescriptor
    private let work: PaymentWork
    private let makeSource: PaymentManager.MakeSource
    private let reports: PaymentsReports
    private var machine: PaymentsMachine
    private var recovery: RecoverySchedule
    private var source: (any MessageSource)?
    private var tables: PaymentTables?
    private var isPaused = false
    /// Partitions assigned to us for which reading has not begun.
    private var unanswered: [Int32]?
    /// Partitions whose offset the broker does not have, and what it said.
    private var lost: [Int32: String] = [:]
    /// What keeps Kafka from delivering, and whether the group counts us in.
    private var kafkaTrouble: String?
    private var isMember = false
    /// Ends of work that the database has not been told.
    private var unrecorded: [PaymentWork.Finished] = []
    private var nextCommit = ContinuousClock.now
    private var retry = RetryPause()

    init(
        _ configuration: PaymentsConfiguration, _ wake: WakeDescriptor, _ work: PaymentWork, reports: PaymentsReports,
        makeSource: @escaping PaymentManager.MakeSource
    ) {
        self.configuration = configuration
        self.wake = wake
        self.work = work
        self.makeSource = makeSource
        self.reports = reports
        machine = PaymentsMachine(concurrentOrders: configuration.concurrentOrders)
        recovery = RecoverySchedule(interval: configuration.recoveryInterval)
        reports.waiting("starting")
    }

    /// One round; what fails is tried again in the next.
    func step() {
        do {
            let source = try openSource()
            let tables = try openTables()
            try hear(tables)
            try answer(source)
            try restartLost(source)
            try recover(tables)
            startWork()
            try steer(source)
            try commit(source, waiting: false)
            reportHealth()
            try listen(source, until: deadline)
        } catch {
            failed(error)
        }
    }

    private func openSource() throws -> any MessageSource {
        if let source { return source }
        let made = try makeSource(wake)
        source = made
        return made
    }

    private func openTables() throws -> PaymentTables {
        if let tables, tables.connection.isUsable { return tables }
        let made = PaymentTables(try PostgresConnection(configuration.postgres))
        tables = made
        // The lock on the pass went with the old connection.
        recovery.interrupted()
        return made
    }
}

// MARK: - Work on orders

extension PaymentsSession {
    /// Takes what tasks have ended. Its messages count as dealt with only when a failure is written down.
    private func hear(_ tables: PaymentTables) throws {
        unrecorded += work.takeFinished()
        guard !unrecorded.isEmpty else { return }
        while let next = unrecorded.first {
            switch next.end {
            case .failed(let problem):
                try tables.recordFailure(next.orderID, problem)
                recovery.retryIsKnown()
            case .nothingToDo, .paid, .declined, .voided:
                if recovery.mayHaveRetries { try tables.removeSettled(next.orderID) }
            }
            unrecorded.removeFirst()
            machine.finished(next.orderID)
            reports.ended(next)
        }
        retry.reset()
        reports.working(orders: machine.runningOrders)
    }

    private func startWork() {
        var isChanged = false
        while let orderID = machine.takeNext() {
            work.start(orderID)
            isChanged = true
        }
        if isChanged { reports.working(orders: machine.runningOrders) }
    }

    /// Stops reading while too many orders wait.
    private func steer(_ source: any MessageSource) throws {
        guard machine.isFull != isPaused else { return }
        if machine.isFull { try source.pause() } else { try source.resume() }
        isPaused = machine.isFull
    }
}

// MARK: - The event store, for what Kafka no longer has

extension PaymentsSession {
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
            recovery.looked(found: found.count)
        }
        if let walk = recovery.walkToEnd(ordersLeft: machine.ordersOfPass) {
            try tables.endPass(walk)
            reports.recovered(orders: recovery.ended())
        }
    }
}

// MARK: - Kafka

extension PaymentsSession {
    /// Begins reading what was assigned: where the group left off, or at the end, and then the event store tells what
    /// was missed.
    private func answer(_ source: any MessageSource) throws {
        guard let partitions = unanswered else { return }
        var positions = try source.committedOffsets(of: partitions)
        let unknown = partitions.filter { positions[$0] == nil }
        if !unknown.isEmpty {
            positions.merge(try source.endOffsets(of: unknown)) { known, _ in known }
            reports.restarted(partitions: unknown.count, reason: "the group has committed nothing there")
        }
        try source.start(positions)
        recovery.assigned(isBlind: !unknown.isEmpty)
        isPaused = false
        machine.assigned(positions)
        unanswered = nil
        lost = [:]
        retry.reset()
    }

    private func restartLost(_ source: any MessageSource) throws {
        guard !lost.isEmpty else { return }
        let ends = try source.endOffsets(of: Array(lost.keys))
        try source.start(ends)
        for (partition, offset) in ends { machine.restarted(partition, at: offset) }
        recovery.requested()
        reports.restarted(partitions: lost.count, reason: lost.values.first ?? "")
        lost = [:]
    }

    private func commit(_ source: any MessageSource, waiting: Bool) throws {
        guard machine.hasCommits, waiting || nextCommit <= .now else { return }
        try source.commit(machine.takeCommits(), waiting: waiting)
        nextCommit = .now + .milliseconds(PaymentsLimits.commitIntervalMilliseconds)
    }

    private func listen(_ source: any MessageSource, until deadline: ContinuousClock.Instant?) throws {
        switch try source.next(until: deadline) {
        case .idle: break
        case .messages(let messages): machine.received(messages)
        case .assigned(let partitions):
            (unanswered, isMember, kafkaTrouble) = (partitions, true, nil)
        case .revoked(let isLost): revoked(source, isLost: isLost)
        case .offsetLost(let partition, let detail): lost[partition] = detail
        case .unavailable(let why): kafkaTrouble = why
        case .available: kafkaTrouble = nil
        }
    }

    private func revoked(_ source: any MessageSource, isLost: Bool) {
        if !isLost {
            // What is not committed is read again by its next owner, which is harmless.
            try? commit(source, waiting: true)
        }
        forgetAssignment()
    }

    private func forgetAssignment() {
        machine.revoked()
        (unanswered, isMember, lost) = (nil, false, [:])
    }

    private func reportHealth() {
        if let kafkaTrouble {
            reports.waiting("Kafka: \(kafkaTrouble)")
        } else if isMember {
            reports.running(partitions: machine.partitionCount)
        } else {
            reports.waiting("joining the consumer group")
        }
    }

    /// When something is to be done though nobody rings.
    private var deadline: ContinuousClock.Instant? {
        let commits: ContinuousClock.Instant? = machine.hasCommits ? nextCommit : nil
        return [commits, recovery.nextDue(hasRoom: !machine.isFull)].compactMap { $0 }.min()
    }
}

// MARK: - Failures and the end

extension PaymentsSession {
    private func failed(_ error: any Error) {
        reports.failed(error)
        if let error = error as? MessageSourceError, error.isFinal {
            source?.close()
            source = nil
            forgetAssignment()
        }
        if let tables, !tables.connection.isUsable { self.tables = nil }
        pause(until: .now + retry.next())
    }

    /// Waits, but goes on serving the group.
    private func pause(until deadline: ContinuousClock.Instant) {
        do {
            guard let source else {
                wake.wait(until: deadline)
                return
            }
            try listen(source, until: deadline)
        } catch {
            wake.wait(until: deadline)
        }
    }

    /// Lets the work in hand finish, commits, leaves.
    func drain() {
        let deadline = ContinuousClock.now + configuration.drainLimit
        while machine.runningOrders > 0, .now < deadline {
            wake.wait(until: deadline)
            do {
                try hear(openTables())
            } catch {
                reports.failed(error)
                break
            }
        }
        work.cancelAll()
        if let source {
            try? commit(source, waiting: true)
            source.close()
        }
        source = nil
        tables = nil
    }
}
