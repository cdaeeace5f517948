import Logging
import Postgres
import Threads

/// Exactly-once delivery: opens publishers, reads Kafka's record back, and commits rows together with it.
///
/// The order of what is written makes every crash harmless:
/// 1. rows held for parked keys are stored in Postgres, which may happen twice;
/// 2. the Kafka transaction commits rows and record: here they have arrived;
/// 3. Postgres's checkpoint follows. If it does not come to that, the record says so to whoever is next.
final class ExactlyOnce {
    private let factory: any PublisherFactory
    private let origin: OutboxOrigin
    private let store: CheckpointStore
    private let held: HeldRows
    private let outlet: Outlet
    private let signals: RelaySignals
    private let status: RelayStatus
    private let logger: Logger
    /// A publisher whose opening takes longer than one call.
    private var opening: (any TransactionalPublisher)?
    /// The last record that was committed or read back.
    private var last: DeliveryRecord?
    private var hasComplained = false

    init(
        _ factory: any PublisherFactory, origin: OutboxOrigin, store: CheckpointStore, held: HeldRows, outlet: Outlet,
        signals: RelaySignals, status: RelayStatus, logger: Logger
    ) {
        self.factory = factory
        self.origin = origin
        self.store = store
        self.held = held
        self.outlet = outlet
        self.signals = signals
        self.status = status
        self.logger = logger
    }

    private static let callLimit = Duration.milliseconds(OutboxLimits.transactionCallMilliseconds)

    // MARK: Reading back

    /// Fences whoever published before, and finds out how far Kafka is in the current cut; nil if Kafka is away.
    ///
    /// - Throws: ``OutboxError``: `foreign` for a record that is not of this outbox's past, `fenced` when another
    ///   leads.
    func recover() throws -> Int64? {
        do {
            let publisher = try opening ?? factory.makeTransactionalPublisher(for: origin, wake: signals.workWake)
            opening = publisher
            try publisher.open(within: Self.callLimit)
            // Asked after opening: whoever passes here is fenced by every later leader, and has fenced every former
            // one.
            try store.verify()
            let record = try publisher.lastRecord(within: Self.callLimit)
            let through = try reconcile(record)
            opening = nil
            outlet.use(publisher)
            status.recovered()
            hasComplained = false
            return through
        } catch let failure as PublishFailure {
            try complain(failure)
            return nil
        }
    }

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
            try held.forget(releasedThrough: released)
            return through
        case .refuse(let why):
            // It may be the record of a leader who came between our look at Postgres and our look at Kafka.
            try store.verify()
            throw foreign(why)
        }
    }

    private func complain(_ failure: PublishFailure) throws {
        if failure.kind == .fenced { throw Self.fenced(failure) }
        if failure.kind != .transient { opening = nil }
        status.failed(failure)
        if !hasComplained {
            logger.warning("Kafka's record cannot be read back yet", metadata: ["why": "\(failure.explanation)"])
        }
        hasComplained = true
    }

    /// Gives up a publisher that is being opened.
    func close() {
        opening?.abandon()
        opening = nil
    }

    private func foreign(_ why: String) -> OutboxError {
        let option = origin.schema == "outbox_relay" ? "" : " --schema \(origin.schema)"
        return OutboxError(
            .foreign,
            """
            Kafka's record of \(origin.transactionalID) does not belong to this checkpoint: \(why). Publishing would lose or \
            repeat rows. If this database was restored or promoted on purpose, look at "outboxctl outbox rebase --help" and \
            run: outboxctl outbox rebase\(option) --republish-since <time>
            """)
    }

    static func fenced(_ failure: PublishFailure) -> OutboxError {
        OutboxError(.fenced, "another producer has taken over this outbox's transactional.id: \(failure.explanation)")
    }

    // MARK: Committing

    /// Ends the transaction's rows with the record, so that its acknowledgement travels with theirs.
    func seal(through outboxID: Int64) -> Bool { outlet.seal(record(through: outboxID)) }

    /// Returns whether rows and record are committed. If not, the outlet has the failure, or it is to be tried again.
    func commit(through outboxID: Int64) throws -> Bool {
        try store.hold(outlet.parking.held)
        outlet.parking.forgetHeld()
        let record = record(through: outboxID)
        guard outlet.commit(record, within: Self.callLimit) == .committed else { return false }
        last = record
        return true
    }

    /// Commits held rows of a parked key, the last being this one. Nothing may be undone in this session afterwards.
    ///
    /// - Throws: when that fails: the next session reads back whether it is committed.
    func commitRelease(through holdID: Int64, while mayWait: () throws -> Bool) throws {
        let done = last?.cut == store.checkpoint.cut ? last?.through : nil
        var record = record(through: done ?? store.checkpoint.drainedThrough)
        record.released = holdID
        repeat {
            switch outlet.commit(record, within: Self.callLimit) {
            case .committed:
                last = record
                return
            case .pending: continue
            case .failed(let failure): throw OutboxError(.publisher, "releasing a key: \(failure.explanation)")
            }
        } while try mayWait()
        throw OutboxError(.publisher, "releasing a key was interrupted; it is settled at the next start")
    }

    private func record(through outboxID: Int64) -> DeliveryRecord {
        DeliveryRecord(origin: origin, epoch: store.checkpoint.epoch, cut: store.checkpoint.cut, through: outboxID)
    }
}
