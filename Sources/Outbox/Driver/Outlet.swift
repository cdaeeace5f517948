internal import Logging
internal import Threads

/// The way out: the publisher, the window of rows in flight, and the keys that are held back.
final class Outlet {
    /// nil where publishers are opened and given by ``use(_:)``: exactly-once.
    private let factory: (any PublisherFactory)?
    let wake: WakeDescriptor
    private let status: RelayStatus
    private let logger: Logger
    /// When a key whose topic was refused is tried again; nil leaves it to operators.
    var parkedRetry: Duration?
    private var publisher: (any Publisher)?
    private var transaction: Transaction?
    private(set) var window = FlightWindow()
    private var parked: ParkedKeys
    private(set) var held = HeldBatch()
    /// The publisher refused a row that was sent alone, and takes no more.
    private var isSpent = false
    private(set) var lastRefusal: PublishFailure?
    private var latencies = LatencyBuckets()
    private var failure: RelaySight.ReportedFailure?
    /// The row that was sent alone: if it is refused, it and nothing else is to blame.
    private var probe: (ticket: UInt64, row: OutboxKey, outboxID: Int64)?

    init(_ factory: (any PublisherFactory)?, wake: WakeDescriptor, parked: ParkedKeys, status: RelayStatus, logger: Logger) {
        self.factory = factory
        self.wake = wake
        self.parked = parked
        self.status = status
        self.logger = logger
    }

    /// Offers a row, or holds it if its key is parked. Returns false when there is no room now.
    func offer(_ row: OutboxRow, isProbe: Bool) -> Bool {
        guard !window.isFull, failure == nil else { return false }
        if !parked.isEmpty, parked.contains(row.key) {
            hold(row)
            return true
        }
        switch queue(row) {
        case .queued:
            if isProbe || rowsInTransaction == 1 { probe = (window.nextTicket - 1, row.key, row.outboxID) }
            return true
        case .full:
            return false
        case .refused(let refusal) where refusal.isPermanent:
            park(row.key, row.outboxID, refusal)
            hold(row)
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
            transaction?.rows += 1
            window.offer(row.outboxID, writtenAt: row.createdAt)
        case .refused(let refusal):
            if !refusal.isPermanent { note(refusal) }
        case .full:
            break
        }
        return outcome
    }

    /// nil for a row that Kafka will never take.
    func retryAfter(_ refusal: PublishFailure) -> Duration? { refusal.kind == .topic ? parkedRetry : nil }

    var hasParkedKeys: Bool { !parked.isEmpty }

    func heldRowsLeft(_ count: Int) { status.held { max(0, $0 - count) } }

    func unpark(_ key: OutboxKey) {
        parked.remove(key)
        status.parked(parked.count)
    }

    /// Takes what the publisher reports.
    func takeReports() {
        latencies.reset()
        let now = WallClock.microsecondsSince1970
        publisher?.takeReports { ticket, failure in
            if ticket == Transaction.recordTicket { return recordReported(failure) }
            guard window.contains(ticket) else { return }
            if let failure { return refused(ticket, failure) }
            if transaction == nil {
                latencies.add(microseconds: now - window.writtenAt(ticket))
            } else {
                transaction?.rowsWrittenAt.append(window.writtenAt(ticket))
            }
            window.settle(ticket)
        }
        if isSpent { replacePublisher() }
        if latencies.rows > 0 { status.acknowledged(latencies) }
    }

    private func refused(_ ticket: UInt64, _ refusal: PublishFailure) {
        if let probe, probe.ticket == ticket, refusal.isPermanent, rowsInTransaction <= 1 {
            park(probe.row, probe.outboxID, refusal)
            held.hold(probe.outboxID, probe.row)
            // What shared its transaction is undone with it, so the row is met again, and then held.
            if transaction != nil { return note(refusal, isFound: true) }
            window.settle(ticket)
            isSpent = true
        } else {
            note(refusal)
        }
    }

    /// A producer that keeps order stops at the first message that is refused.
    private func replacePublisher() {
        isSpent = false
        publisher?.abandon()
        publisher = nil
    }

    private func note(_ refusal: PublishFailure, isFound: Bool = false) {
        if failure == nil {
            logger.warning(
                "publishing failed; starting again behind the last acknowledged row", metadata: ["why": "\(refusal.explanation)"])
        }
        status.failed(refusal)
        // Rows that fell with the one to blame are told as well, and say nothing of it.
        if lastRefusal?.isPermanent != true { lastRefusal = refusal }
        let newest = window.newest ?? 0
        if failure?.isFound == true { return }
        if failure == nil || refusal.isPermanent { failure = .init(kind: refusal.kind, newest: newest) }
        failure?.isFound = isFound
        failure?.rows = rowsInTransaction
    }

    private func park(_ key: OutboxKey, _ outboxID: Int64, _ refusal: PublishFailure) {
        parked.insert(key)
        held.park(key, outboxID, refusal.explanation, retryAfter: retryAfter(refusal))
        status.parked(parked.count)
        logger.error(
            retryAfter(refusal) == nil
                ? "key parked; its rows wait for an operator, see outboxctl outbox parked"
                : "key parked; its rows are tried again, see outboxctl outbox parked",
            metadata: ["key": "\(key)", "outbox_id": "\(outboxID)", "why": "\(refusal.explanation)"])
    }

    /// A row that Postgres cannot give us goes the way of those that Kafka refuses.
    func refuse(_ row: UnreadableRow) {
        if !parked.contains(row.key) { park(row.key, row.outboxID, row.reason) }
        hold(row.outboxID, row.key)
    }

    private func hold(_ row: OutboxRow) { hold(row.outboxID, row.key) }

    private func hold(_ outboxID: Int64, _ key: OutboxKey) {
        held.hold(outboxID, key)
        passOver(outboxID)
    }

    /// A row that does not go to the publisher counts as settled.
    func passOver(_ outboxID: Int64) {
        window.offer(outboxID)
        window.settle(window.nextTicket - 1)
    }

    func takeFailure() -> RelaySight.ReportedFailure? {
        defer { failure = nil }
        return failure
    }

    /// The held rows are stored.
    func forgetHeld() { held = HeldBatch() }

    /// A new cut starts over with ids: what was settled belongs to the last one.
    func beginCut() {
        window.clear()
        lastRefusal = nil
    }

    func abandon() {
        publisher?.abandon()
        publisher = nil
        transaction = nil
        window.clear()
        probe = nil
        isSpent = false
        failure = nil
        lastRefusal = nil
    }

    func close() { abandon() }

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
    /// The open publisher of exactly-once delivery, and the transaction it is in.
    private struct Transaction {
        /// The record's own; rows are numbered from 0.
        static let recordTicket = UInt64.max

        let publisher: any TransactionalPublisher
        /// The record that was put into the transaction.
        var record: DeliveryRecord?
        var isRecordSettled = false
        /// Rows published in it; held ones do not count.
        var rows = 0
        /// When its rows were written: they have arrived only when it is committed.
        var rowsWrittenAt: [Int64] = []
    }

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

    /// Whether a transaction has no row yet, so that there is nothing to undo.
    var isTransactionEmpty: Bool { transaction?.rows == 0 }

    /// Publishes by this from now on; it is open.
    func use(_ opened: any TransactionalPublisher) {
        abandon()
        publisher = opened
        transaction = Transaction(publisher: opened)
    }

    /// Puts the record into the transaction, as its last message. Returns false when there is no room now.
    func seal(_ record: DeliveryRecord) -> Bool {
        guard failure == nil else { return false }
        guard let transaction else { return usablePublisher() != nil }
        if transaction.record == record { return true }
        switch transaction.publisher.publish(record, ticket: Transaction.recordTicket) {
        case .queued:
            self.transaction?.record = record
            self.transaction?.isRecordSettled = false
            return true
        case .full:
            return false
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
            if let lastRefusal { return .failed(lastRefusal) }
            if seal(record), transaction?.isRecordSettled == true { break }
            guard ContinuousClock.now < deadline else { return .pending }
            wake.wait(until: deadline)
        }
        return endTransaction(within: limit)
    }

    private func endTransaction(within limit: Duration) -> CommitOutcome {
        guard let ending = transaction else { return .pending }
        do throws(PublishFailure) {
            guard try ending.publisher.commit(within: limit) else { return .pending }
        } catch {
            note(error)
            return .failed(error)
        }
        transaction = Transaction(publisher: ending.publisher)
        latencies.reset()
        let now = WallClock.microsecondsSince1970
        for writtenAt in ending.rowsWrittenAt { latencies.add(microseconds: now - writtenAt) }
        if latencies.rows > 0 { status.acknowledged(latencies) }
        return .committed
    }

    private func recordReported(_ refusal: PublishFailure?) {
        if let refusal { note(Self.ofRecord(refusal)) } else { transaction?.isRecordSettled = true }
    }

    /// A record that is refused says nothing about a row: no key is to be looked for and parked.
    private static func ofRecord(_ refusal: PublishFailure) -> PublishFailure {
        refusal.isPermanent ? PublishFailure(.client, "the checkpoint's record: \(refusal.explanation)") : refusal
    }
}
