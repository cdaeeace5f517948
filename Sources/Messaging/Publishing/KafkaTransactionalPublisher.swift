internal import Kafka
public import Outbox
internal import Threads

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
    private let outbox: OutboxOrigin
    private var phase = Phase.closed

    /// How long giving a transaction up may take; where brokers are away, they forget it by its timeout.
    private static let abortLimit = Duration.seconds(2)

    init(_ configuration: KafkaPublisherConfiguration, outbox: OutboxOrigin, wake: WakeDescriptor) throws(KafkaError) {
        var producing = configuration
        producing.kafka.setDefault("transactional.id", outbox.transactionalID)
        // The end of the checkpoint topic is asked for as it is, with transactions of others that are open.
        producing.kafka["isolation.level"] = "read_uncommitted"
        self.outbox = outbox
        rows = try KafkaPublisher(producing, wake: wake)
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
        return rows.publish(row, ticket: ticket)
    }

    public func publish(_ record: DeliveryRecord, ticket: UInt64) -> PublishOutcome {
        if let refusal = begin() { return .refused(refusal) }
        do {
            return try checkpoints.publish(record, rows.producer, ticket: ticket)
        } catch {
            return .refused(failure(error))
        }
    }

    public func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        rows.takeReports { ticket, failure in
            // What a producer that was fenced says of its messages is only that they failed.
            body(ticket, failure.map { $0.kind == .client || $0.kind == .transient ? fencing ?? $0 : $0 })
        }
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
