import Kafka
public import Outbox
import Threads

/// Publishes outbox rows in Kafka transactions, each with a record in a compacted topic of how far it goes.
///
/// Readers with `isolation.level=read_committed` see rows and record together or not at all. `transactional.id` is the
/// outbox's, so that opening a publisher fences the producer of a former leader.
public final class KafkaTransactionalPublisher: TransactionalPublisher {
    private enum Phase {
        case closed
        case open
        case inTransaction
        /// Committing was begun: what becomes of it is the brokers' to say.
        case committing
    }

    private let rows: KafkaPublisher
    private let checkpoints: CheckpointTopic
    private let checkpointTopic: String
    private let refused: RefusedTopics
    private let complaints = TransactionComplaints()
    private var phase = Phase.closed
    /// What felled the transaction, once it was asked for.
    private var cause: PublishFailure??

    /// How long giving a transaction up may take; where brokers are away, they forget it by its timeout.
    private static let abortLimit = Duration.seconds(2)

    init(
        _ configuration: KafkaPublisherConfiguration, outbox: OutboxOrigin, refused: RefusedTopics, wake: WakeDescriptor
    ) throws(KafkaError) {
        var producing = configuration
        producing.sink = { [complaints] event in
            complaints.note(event)
            configuration.sink?(event)
        }
        producing.kafka.setDefault("transactional.id", outbox.transactionalID)
        // The end of the checkpoint topic is asked for as it is, with transactions of others that are open.
        producing.kafka["isolation.level"] = "read_uncommitted"
        self.refused = refused
        checkpointTopic = configuration.checkpointTopic
        rows = try KafkaPublisher(producing, refused: refused, wake: wake)
        checkpoints = CheckpointTopic(configuration, key: producing.kafka["transactional.id"] ?? outbox.transactionalID)
    }

    public func open(within limit: Duration) throws(PublishFailure) {
        guard phase == .closed else { return }
        do {
            try rows.producer.initTransactions(within: limit)
        } catch {
            throw failure(error)
        }
        phase = .open
    }

    public func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord? {
        do {
            return try checkpoints.lastRecord(rows.producer, within: limit)
        } catch let error as KafkaError {
            throw failure(error)
        } catch let error as PublishFailure {
            throw error
        } catch {
            throw PublishFailure(.client, "\(error)")
        }
    }

    public func publish(_ row: OutboxRow, ticket: UInt64) -> PublishOutcome {
        if let refusal = begin() { return .refused(refusal) }
        return waiting(rows.publish(row, ticket: ticket))
    }

    public func publish(_ record: DeliveryRecord, ticket: UInt64) -> PublishOutcome {
        if let refusal = begin() { return .refused(refusal) }
        do {
            let outcome = try checkpoints.publish(record, rows.producer, ticket: ticket)
            if outcome == .queued { rows.lastTicket = ticket }
            return waiting(outcome)
        } catch {
            return .refused(failure(error))
        }
    }

    /// A transaction that has failed refuses whatever else is offered; the reports of what it held tell why.
    private func waiting(_ outcome: PublishOutcome) -> PublishOutcome {
        guard case .refused(let refusal) = outcome, refusal.kind == .client, rows.producer.outstanding > 0 else {
            return outcome
        }
        return .full
    }

    public func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        rows.takeReports { ticket, failure in
            // Of messages that fell with their producer or transaction it is only said that they failed.
            body(ticket, failure.map { $0.kind == .client || $0.kind == .transient ? fencing ?? refusal ?? $0 : $0 })
        }
    }

    /// A topic that may not be part of a transaction fells it as a whole. Its rows are refused at once from then on, so
    /// that it is made again without them.
    private var refusal: PublishFailure? {
        if let cause { return cause }
        let found = refuseTopics()
        cause = .some(found)
        return found
    }

    private func refuseTopics() -> PublishFailure? {
        guard phase == .inTransaction, let error = rows.producer.transactionFailure, error.code.disposition == .topic
        else { return nil }
        let topics = complaints.topics(because: error.code)
        let reason = PublishFailure(error.code)
        guard !topics.isEmpty, !topics.contains(checkpointTopic) else {
            return PublishFailure(.client, "\(topics.isEmpty ? "a topic" : checkpointTopic): \(reason.explanation)")
        }
        for topic in topics { refused.refuse(topic, reason) }
        return PublishFailure(.transient, "\(topics.joined(separator: ", ")): \(reason.explanation)")
    }

    public func commit(within limit: Duration) throws(PublishFailure) -> Bool {
        guard phase == .inTransaction || phase == .committing else { return true }
        phase = .committing
        do {
            try rows.producer.commitTransaction(within: limit)
        } catch  where error.isRetriable {
            return false
        } catch {
            throw failure(error)
        }
        phase = .open
        return true
    }

    /// A transaction is taken back at once, so that it does not keep readers waiting for its timeout.
    public func abandon() {
        if phase == .inTransaction, fencing == nil {
            try? rows.producer.abortTransaction(rows.reader, within: Self.abortLimit)
        }
        rows.abandon()
        phase = .closed
    }

    private func begin() -> PublishFailure? {
        guard phase != .inTransaction else { return nil }
        do {
            try rows.producer.beginTransaction()
            phase = .inTransaction
            return nil
        } catch {
            return failure(error)
        }
    }

    private var fencing: PublishFailure? {
        guard let error = rows.producer.fatalError, error.isFenced else { return nil }
        return PublishFailure(.fenced, error.description)
    }

    /// Kinds of failures of calls; a call has no row, so nothing it says is about one.
    private func failure(_ error: KafkaError) -> PublishFailure {
        if error.isFenced { return PublishFailure(.fenced, error.description) }
        if let fencing { return fencing }
        return PublishFailure(error.isRetriable ? .transient : .client, error.description)
    }
}
