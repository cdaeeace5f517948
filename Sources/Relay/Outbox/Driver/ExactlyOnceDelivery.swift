import Logging
import Postgres
import Sabotage
import Threads

/// Exactly-once delivery: a row has arrived when its Kafka transaction is committed, together with a record of how far
/// the outbox is.
///
/// The order of what is written makes every crash harmless:
/// 1. rows held for parked keys are stored in Postgres, which may happen twice;
/// 2. the Kafka transaction commits rows and record: now they have arrived;
/// 3. Postgres's checkpoint follows. If the relay ends before that, the record tells the next leader.
final class ExactlyOnceDelivery: Delivery {
    let pipeline: PublishPipeline
    private let factory: any PublisherFactory
    private let origin: OutboxOrigin
    private let store: CheckpointStore
    private let held: HeldRows
    private let policy: DataLossPolicy
    private let signals: RelaySignals
    private var wake: WakeDescriptor { signals.workWake }
    private let status: RelayStatus
    private let logger: Logger
    /// The open publisher and its transaction; nil before ``recover()`` and after ``abandon()``.
    private var transaction: Transaction?
    /// A publisher whose opening takes longer than one call.
    private var opening: (any TransactionalPublisher)?
    /// The last record that was committed or read back.
    private var last: DeliveryRecord?
    private var size = TransactionSize()
    /// Rows of the open transaction, those that are held included.
    private var rowsPassed = 0
    /// The last of them.
    private var passedThrough: Int64 = 0
    /// That Kafka's record cannot be read is logged already.
    private var hasWarned = false

    private var callLimit: Duration { signals.workLimit(.milliseconds(OutboxLimits.transactionCallMilliseconds)) }

    init(
        _ factory: any PublisherFactory, origin: OutboxOrigin, store: CheckpointStore, held: HeldRows,
        policy: DataLossPolicy, parking: KeyParking, lease: RelaySignals.Lease, status: RelayStatus, logger: Logger
    ) {
        self.policy = policy
        self.factory = factory
        self.origin = origin
        self.store = store
        self.held = held
        self.status = status
        self.logger = logger
        signals = lease.signals
        pipeline = PublishPipeline(parking: parking, lease: lease, status: status, logger: logger) {
            () throws(PublishFailure) in
            throw PublishFailure(.client, "the publisher was dropped")
        }
    }

    // MARK: Publishing

    func takeReports() {
        pipeline.takeReports { deliveryID, failure in
            if deliveryID == Transaction.recordDeliveryID { return recordReported(failure) }
            guard let failure, pipeline.window.contains(deliveryID) else { return }
            // The whole transaction is undone, so the row is read again, and then held.
            let isFound = pipeline.rowsInTransaction <= 1 && pipeline.parkLoneRow(deliveryID, failure)
            pipeline.note(failure, isFound: isFound)
        }
    }

    private func recordReported(_ failure: PublishFailure?) {
        if let failure { pipeline.note(Self.ofRecord(failure)) } else { transaction?.isRecordAcknowledged = true }
    }

    /// A record that is refused says nothing about a row: no key is to be searched for and parked.
    private static func ofRecord(_ refusal: PublishFailure) -> PublishFailure {
        refusal.isPermanent ? PublishFailure(.client, "the checkpoint's record: \(refusal.explanation)") : refusal
    }

    func takeFailure() throws -> RelayInput.ReportedFailure? {
        let failure = pipeline.takeFailure()
        // Opening another publisher would fence a new leader in its turn: leadership is checked first.
        if let failure, failure.kind == .fenced { throw Self.fenced(failure.reason) }
        return failure
    }

    /// Ends the transaction's rows with its record, so that both are acknowledged together. A transaction that is small
    /// goes on with the cut's next chunk.
    ///
    /// Held rows are stored before the commit. If the commit failed, the rows of a parked key that were in the
    /// transaction would be held behind them. So a transaction with rows of a key ends before the row that is refused.
    func offer(_ chunk: inout Chunk, within limits: OfferLimits) throws -> RelayEvent {
        if rowsPassed == 0 { size.begins(at: .now) }
        let before = chunk.next
        // Rows of an earlier chunk are not looked through: they may be of any key.
        let beganEarlier = rowsPassed > before
        defer { rowsPassed += chunk.next - before }
        offering: while !chunk.isOffered, pipeline.rowsInTransaction < limits.rowsPerTransaction {
            guard let row = try pipeline.nextRow(&chunk) else { continue }
            let isFirst = pipeline.rowsInTransaction == 0
            // Asked only for a row that is refused: it looks through the chunk.
            switch try pipeline.offer(
                row, isAlone: isFirst, mayPark: isFirst || (!beganEarlier && !chunk.hasOfferedRow(like: row)))
            {
            case .taken: chunk.next += 1
            case .full: return .offered(all: false)
            case .tooEarly: break offering
            }
        }
        // A last chunk without rows ends the transaction of the chunk before it.
        if chunk.next > 0 { passedThrough = try chunk.outboxID(chunk.next - 1) }
        let isSmall = limits.rowsPerTransaction == .max && rowsPassed + chunk.next - before < size.rows
        if chunk.isOffered, !chunk.isLast, isSmall { return .offered(all: true) }
        guard seal(record(through: passedThrough)) else { return .offered(all: false) }
        size.isSealed(at: .now)
        return .sealed(through: passedThrough, all: chunk.isOffered)
    }

    // MARK: Committing

    func commit(through outboxID: Int64) throws -> RelayEvent {
        try store.hold(pipeline.parking.held)
        pipeline.parking.forgetHeld(stored: store.heldRows)
        return try commit(record(through: outboxID))
    }

    /// The record's place in the cut stays what it was.
    func commitRelease(through holdID: Int64) throws -> RelayEvent {
        let through = last?.cut == store.checkpoint.cut ? last?.through : nil
        var record = record(through: through ?? store.checkpoint.drainedThrough)
        record.released = holdID
        return try commit(record)
    }

    private func record(through outboxID: Int64) -> DeliveryRecord {
        DeliveryRecord(origin: origin, epoch: store.checkpoint.epoch, cut: store.checkpoint.cut, through: outboxID)
    }

    private func commit(_ record: DeliveryRecord) throws -> RelayEvent {
        takeReports()
        guard seal(record), let transaction, transaction.isRecordAcknowledged else { return .awaitingRecord }
        try FailPoint.relayAfterAck.reached()
        do throws(PublishFailure) {
            guard try transaction.publisher.commit(within: callLimit) else { return .notCommitted }
        } catch {
            pipeline.note(error)
            return .notCommitted
        }
        try FailPoint.relayAfterCommit.reached()
        self.transaction = Transaction(publisher: transaction.publisher)
        pipeline.beginTransaction()
        size.isCommitted(rowsPassed, at: .now)
        rowsPassed = 0
        pipeline.reportArrivals()
        last = record
        return .committed
    }

    /// Puts the record into the transaction, as its last message, unless it is in it already. Returns false if there is
    /// no room now, or if a failure is pending.
    private func seal(_ record: DeliveryRecord) -> Bool {
        guard !pipeline.hasFailed else { return false }
        guard let transaction else {
            pipeline.note(PublishFailure(.client, "the publisher was dropped"))
            return false
        }
        if transaction.record == record { return true }
        switch transaction.publisher.publish(record, deliveryID: Transaction.recordDeliveryID) {
        case .queued:
            self.transaction?.record = record
            self.transaction?.isRecordAcknowledged = false
            return true
        case .full:
            return false
        case .refused(let refusal):
            pipeline.note(Self.ofRecord(refusal))
            return false
        }
    }

    // MARK: Reading back

    /// Fences every earlier publisher of this outbox, and finds out how far Kafka is in the current cut.
    ///
    /// - Throws: ``OutboxError``: `foreign` for a record that is not of this outbox's past, `fenced` when another relay
    ///   leads.
    func recover() throws -> RelayEvent {
        do {
            let publisher = try opening ?? factory.makeTransactionalPublisher(for: origin, wake: wake)
            opening = publisher
            try publisher.open(within: callLimit)
            // Asked after opening: a relay that passes here has fenced every earlier leader, and every later leader
            // will fence it.
            try store.verify()
            let record = Mutant.recordNotRead.isOn ? nil : try publisher.lastRecord(within: callLimit)
            let through = try reconcile(record)
            if let record, record.origin.timeline != origin.timeline { try claim(publisher, through) }
            opening = nil
            pipeline.use(publisher)
            transaction = Transaction(publisher: publisher)
            status.clearTrouble()
            hasWarned = false
            return .recovered(through: through)
        } catch let failure as PublishFailure {
            if failure.kind == .fenced { throw Self.fenced(failure) }
            warn(failure)
            return .notRecovered
        }
    }

    /// The outbox id up to which the rows of the cut are committed in Kafka.
    private func reconcile(_ record: DeliveryRecord?) throws -> Int64 {
        let checkpoint = store.checkpoint
        last = nil
        switch Recovery.judge(record, against: checkpoint, of: origin) {
        case .begin:
            logger.notice(
                "Kafka has no record of this outbox: exactly-once delivery begins here",
                metadata: ["cut": "\(checkpoint.cut)"])
            return checkpoint.drainedThrough
        case .proceed:
            return checkpoint.drainedThrough
        case .resume(let through, let released):
            last = record
            pipeline.parking.heldRowsLeft(try held.forget(releasedThrough: released))
            return through
        case .refuse(let why):
            // It may be the record of a leader that came after Postgres was read and before Kafka was.
            try store.verify()
            throw foreign(why)
        case .isBehind(let why):
            try store.verify()
            guard policy == .goOn else { throw behind(why) }
            try store.jump(beyond: record?.cut ?? 0, reason: "Kafka's record is ahead: \(why)")
            pipeline.mark.cut = store.checkpoint.cut
            logger.error("the database is behind Kafka's record; going on all the same", metadata: ["why": "\(why)"])
            return checkpoint.drainedThrough
        }
    }

    /// Writes the record at once on a new timeline. A relay that is still connected to the old primary is fenced by the
    /// opening of this publisher; when it opens one in its turn, it finds this record and ends.
    private func claim(_ publisher: any TransactionalPublisher, _ outboxID: Int64) throws {
        let record = record(through: outboxID)
        let deadline = ContinuousClock.now + callLimit
        guard publisher.publish(record, deliveryID: Transaction.recordDeliveryID) == .queued else {
            throw PublishFailure(.transient, "the record of the new timeline was not taken")
        }
        var answer: PublishFailure?? = .none
        while answer == nil, .now < deadline {
            publisher.takeReports { _, failure in answer = .some(failure) }
            if answer == nil { wake.wait(until: deadline) }
        }
        guard let answer else { throw PublishFailure(.client, "the record of the new timeline is not acknowledged") }
        if let answer { throw Self.ofRecord(answer) }
        guard try publisher.commit(within: callLimit) else {
            throw PublishFailure(.client, "the commit of the new timeline's record has no outcome yet")
        }
        last = record
    }

    private func warn(_ failure: PublishFailure) {
        if failure.kind != .transient { opening = nil }
        status.recordFailure(failure)
        if !hasWarned {
            logger.warning("Kafka's record cannot be read back yet", metadata: ["why": "\(failure.explanation)"])
        }
        hasWarned = true
    }

    func abandon() {
        pipeline.parking.dropHeld(after: .min)
        pipeline.abandon()
        transaction = nil
        rowsPassed = 0
    }

    func close() {
        opening?.abandon()
        opening = nil
        abandon()
    }

    // MARK: Errors

    private func foreign(_ why: String) -> OutboxError {
        let option = origin.schema == "outbox_relay" ? "" : " --schema \(origin.schema)"
        return OutboxError(
            .foreign,
            """
            Kafka's record of \(origin.transactionalID) does not belong to this checkpoint: \(why). Publishing would \
            lose or repeat rows. If this database was restored or promoted on purpose, look at "outboxctl \
            rebase --help" and run: outboxctl rebase\(option) --republish-since <time> --reason <why>
            """)
    }

    private func behind(_ why: String) -> OutboxError {
        let option = origin.schema == "outbox_relay" ? "" : " --schema \(origin.schema)"
        return OutboxError(
            .dataLoss,
            """
            this database is behind Kafka's record of \(origin.transactionalID): \(why). It lost what was published \
            since. Set RELAY_AFTER_DATA_LOSS=continue to publish on from here, or run, as the owner of the schema: \
            outboxctl rebase\(option) --republish-since <time> --reason <why>
            """)
    }

    private static func fenced(_ failure: PublishFailure) -> OutboxError {
        OutboxError(.fenced, "another producer has taken over this outbox's transactional.id: \(failure.explanation)")
    }
}

/// An open publisher and the state of its transaction: rows, then one record.
private struct Transaction {
    /// The record's delivery id; rows are numbered from 0.
    static let recordDeliveryID = UInt64.max

    let publisher: any TransactionalPublisher
    /// The record that was put into the transaction.
    var record: DeliveryRecord?
    var isRecordAcknowledged = false
}
