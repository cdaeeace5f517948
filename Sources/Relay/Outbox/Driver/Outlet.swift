import Logging
import Threads

/// The way out: the publisher, the window of rows in flight, and the keys that are held back.
final class Outlet {
    /// nil where publishers are opened and given by ``use(_:)``: exactly-once.
    private let factory: (any PublisherFactory)?
    let wake: WakeDescriptor
    let parking: KeyParking
    private let status: RelayStatus
    private var publisher: (any Publisher)?
    private var transaction: OutletTransaction?
    private(set) var window = FlightWindow()
    private(set) var refusals: Refusals
    /// The publisher refused a row that was sent alone, and takes no more.
    private var isSpent = false
    private var latencies = LatencyBuckets()
    /// The row that was sent alone: if it is refused, it and nothing else is to blame.
    private var probe: (ticket: UInt64, row: OutboxKey, outboxID: Int64)?

    init(
        _ factory: (any PublisherFactory)?, wake: WakeDescriptor, parking: KeyParking, status: RelayStatus,
        logger: Logger
    ) {
        self.factory = factory
        self.wake = wake
        self.parking = parking
        self.status = status
        refusals = Refusals(status: status, logger: logger)
    }

    /// Offers a row, or holds it if its key is parked. Returns false when there is no room now.
    func offer(_ row: OutboxRow, isProbe: Bool) -> Bool {
        guard !window.isFull, !refusals.isPending else { return false }
        if !parking.isEmpty, parking.contains(row.key) {
            hold(row.outboxID, row.key)
            return true
        }
        switch queue(row) {
        case .queued:
            if isProbe || rowsInTransaction == 1 { probe = (window.nextTicket - 1, row.key, row.outboxID) }
            return true
        case .full:
            return false
        case .refused(let refusal) where refusal.isPermanent:
            parking.park(row.key, row.outboxID, refusal)
            hold(row.outboxID, row.key)
            return true
        case .refused:
            return false
        }
    }

    /// Gives a row to the publisher. A refusal that is not about the row is noted.
    func queue(_ row: OutboxRow) -> PublishOutcome {
        guard let publisher = usablePublisher() else { return .full }
        let outcome = publisher.publish(row, ticket: window.nextTicket)
        switch outcome {
        case .queued:
            transaction?.published()
            window.offer(row.outboxID, writtenAt: row.createdAt)
        case .refused(let refusal):
            if !refusal.isPermanent { note(refusal) }
        case .full:
            break
        }
        return outcome
    }

    /// A row that Postgres cannot give us goes the way of those that Kafka refuses.
    func refuse(_ row: UnreadableRow) {
        if !parking.contains(row.key) { parking.park(row.key, row.outboxID, row.reason) }
        hold(row.outboxID, row.key)
    }

    private func hold(_ outboxID: Int64, _ key: OutboxKey) {
        parking.hold(outboxID, key)
        passOver(outboxID)
    }

    /// A row that does not go to the publisher counts as settled.
    func passOver(_ outboxID: Int64) {
        window.offer(outboxID)
        window.settle(window.nextTicket - 1)
    }

    /// A new cut starts over with ids: what was settled belongs to the last one.
    func beginCut() {
        window.clear()
        refusals.beginCut()
    }

    func takeFailure() -> RelaySight.ReportedFailure? { refusals.take() }

    private func note(_ refusal: PublishFailure, isFound: Bool = false) {
        refusals.note(refusal, newest: window.newest, rows: rowsInTransaction, isFound: isFound)
    }
}

// MARK: - Reports

extension Outlet {
    /// Takes what the publisher reports.
    func takeReports() {
        latencies.reset()
        let now = WallClock.microsecondsSince1970
        publisher?.takeReports { ticket, failure in
            if ticket == OutletTransaction.recordTicket { return recordReported(failure) }
            guard window.contains(ticket) else { return }
            if let failure { return refused(ticket, failure) }
            if transaction == nil {
                latencies.add(microseconds: now - window.writtenAt(ticket))
            } else {
                transaction?.settled(writtenAt: window.writtenAt(ticket))
            }
            window.settle(ticket)
        }
        if isSpent { replacePublisher() }
        if latencies.rows > 0 { status.acknowledged(latencies) }
    }

    private func refused(_ ticket: UInt64, _ refusal: PublishFailure) {
        if let probe, probe.ticket == ticket, refusal.isPermanent, rowsInTransaction <= 1 {
            parking.park(probe.row, probe.outboxID, refusal)
            parking.hold(probe.outboxID, probe.row)
            // What shared its transaction is undone with it, so the row is met again, and then held.
            if transaction != nil { return note(refusal, isFound: true) }
            window.settle(ticket)
            isSpent = true
        } else {
            note(refusal)
        }
    }
}

// MARK: - The publisher

extension Outlet {
    func abandon() {
        publisher?.abandon()
        publisher = nil
        transaction = nil
        window.clear()
        probe = nil
        isSpent = false
        refusals.clear()
    }

    func close() { abandon() }

    /// A producer that keeps order stops at the first message that is refused.
    private func replacePublisher() {
        isSpent = false
        publisher?.abandon()
        publisher = nil
    }

    private func usablePublisher() -> (any Publisher)? {
        if let publisher { return publisher }
        guard let factory else {
            note(PublishFailure(.client, "the publisher was dropped"))
            return nil
        }
        do {
            publisher = try factory.makePublisher(wake: wake)
        } catch {
            note(PublishFailure(.client, "\(error)"))
        }
        return publisher
    }
}

// MARK: - Transactions

extension Outlet {
    /// What became of trying to commit.
    enum CommitOutcome: Equatable {
        case committed
        /// Not known yet: try again.
        case pending
        /// The transaction is not to be committed any more, or its outcome can only be read back.
        case failed(PublishFailure)
    }

    /// 0 where there are no transactions.
    var rowsInTransaction: Int { transaction?.rows ?? 0 }

    /// Publishes by this from now on; it is open.
    func use(_ opened: any TransactionalPublisher) {
        abandon()
        publisher = opened
        transaction = OutletTransaction(opened)
    }

    /// Puts the record into the transaction, as its last message. Returns false when there is no room now.
    func seal(_ record: DeliveryRecord) -> Bool {
        guard !refusals.isPending else { return false }
        guard let outcome = transaction?.seal(record) else { return usablePublisher() != nil }
        switch outcome {
        case .queued: return true
        case .full: return false
        case .refused(let refusal):
            note(Self.ofRecord(refusal))
            return false
        }
    }

    /// Commits rows and record together. Every row must be settled.
    func commit(_ record: DeliveryRecord, within limit: Duration) -> CommitOutcome {
        let deadline = ContinuousClock.now + limit
        while true {
            takeReports()
            if let refusal = refusals.last { return .failed(refusal) }
            if seal(record), transaction?.isSettled(record) == true { break }
            guard ContinuousClock.now < deadline else { return .pending }
            wake.wait(until: deadline)
        }
        return endTransaction(within: limit)
    }

    private func endTransaction(within limit: Duration) -> CommitOutcome {
        do throws(PublishFailure) {
            guard let rowsWrittenAt = try transaction?.commit(within: limit) else { return .pending }
            arrived(rowsWrittenAt)
            return .committed
        } catch {
            note(error)
            return .failed(error)
        }
    }

    private func arrived(_ rowsWrittenAt: [Int64]) {
        latencies.reset()
        let now = WallClock.microsecondsSince1970
        for writtenAt in rowsWrittenAt { latencies.add(microseconds: now - writtenAt) }
        if latencies.rows > 0 { status.acknowledged(latencies) }
    }

    private func recordReported(_ refusal: PublishFailure?) {
        if let refusal { note(Self.ofRecord(refusal)) } else { transaction?.settledRecord() }
    }

    /// A record that is refused says nothing about a row: no key is to be looked for and parked.
    private static func ofRecord(_ refusal: PublishFailure) -> PublishFailure {
        refusal.isPermanent ? PublishFailure(.client, "the checkpoint's record: \(refusal.explanation)") : refusal
    }
}
