import Kafka
import Outbox
import Synchronization
import Threads

/// Publishes outbox rows in Kafka transactions, each with a record in a compacted topic of how far it goes.
///
/// Readers with `isolation.level=read_committed` see rows and record together or not at all. `transactional.id` is the
/// outbox's, so that opening a publisher fences the producer of a former leader.
final class KafkaTransactionalPublisher: TransactionalPublisher {
    private enum Phase {
        case closed
        case open
        case inTransaction
        /// Committing was begun; the brokers decide the outcome.
        case committing
    }

    private let rows: KafkaPublisher
    private let checkpoints: CheckpointTopic
    private let checkpointTopic: String
    private let refused: RefusedTopics
    private let refusals = PartitionRefusals()
    private var phase = Phase.closed
    /// Why the transaction failed: nil until it was asked for, `.some(nil)` if no topic is the reason.
    private var cause: PublishFailure??

    /// How long aborting a transaction may take. Brokers that are away abort it after its timeout.
    private static let abortLimit = Duration.seconds(2)

    init(
        _ configuration: KafkaPublisherConfiguration, outbox: OutboxOrigin, refused: RefusedTopics,
        bounds: StampBounds, offsets: PublishedOffsets, wake: WakeDescriptor
    ) throws(KafkaError) {
        var producing = configuration
        producing.sink = { [refusals] event in
            refusals.note(event)
            configuration.sink?(event)
        }
        producing.kafka.setDefault("transactional.id", outbox.transactionalID)
        // The end of the checkpoint topic is asked for including open transactions of others.
        producing.kafka["isolation.level"] = "read_uncommitted"
        self.refused = refused
        checkpointTopic = configuration.checkpointTopic
        rows = try KafkaPublisher(producing, refused: refused, bounds: bounds, offsets: offsets, wake: wake)
        checkpoints = CheckpointTopic(configuration, key: producing.kafka["transactional.id"] ?? outbox.transactionalID)
    }

    /// The client of the transactions.
    var producer: KafkaProducer { rows.producer }

    /// Initialises transactions, which fences earlier producers with the same `transactional.id`.
    func open(within limit: Duration) throws(PublishFailure) {
        guard phase == .closed else { return }
        do {
            try rows.producer.initTransactions(within: limit)
        } catch {
            throw failure(error)
        }
        phase = .open
    }

    /// Reads the checkpoint topic; creates it, and fails as `transient`, if it is not there.
    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord? {
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

    /// Produces the row in the open transaction, or begins one.
    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        if let refusal = begin() { return .refused(refusal) }
        return waiting(rows.publish(row, deliveryID: deliveryID))
    }

    /// Produces the record in the open transaction, or begins one.
    func publish(_ record: DeliveryRecord, deliveryID: UInt64) -> PublishOutcome {
        if let refusal = begin() { return .refused(refusal) }
        do {
            let outcome = try checkpoints.publish(record, rows.producer, deliveryID: deliveryID)
            if outcome == .queued { rows.lastDeliveryID = deliveryID }
            return waiting(outcome)
        } catch {
            return .refused(failure(error))
        }
    }

    /// A transaction that has failed refuses every other message. The reports of the messages that it held say why, and
    /// are waited for.
    private func waiting(_ outcome: PublishOutcome) -> PublishOutcome {
        guard case .refused(let refusal) = outcome, refusal.kind == .client, rows.producer.outstanding > 0 else {
            return outcome
        }
        return .full
    }

    /// Hands over the delivery reports; a failed transaction's reports carry the reason, as far as it is known.
    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        rows.takeReports { deliveryID, failure in
            // Reports of messages that failed together with their producer or transaction do not say why.
            body(
                deliveryID, failure.map { $0.kind == .client || $0.kind == .transient ? fencing ?? refusal ?? $0 : $0 })
        }
    }

    /// With a topic that may not be written to, a transaction fails as a whole. Rows of the topic are refused at once
    /// from then on, so that the transaction is made again without them.
    private var refusal: PublishFailure? {
        if let cause { return cause }
        let found = refuseTopics()
        cause = .some(found)
        return found
    }

    private func refuseTopics() -> PublishFailure? {
        guard phase == .inTransaction, let error = rows.producer.transactionFailure, error.code.disposition == .topic
        else { return nil }
        let topics = refusals.topics(because: error.code)
        let reason = PublishFailure(error.code)
        guard !topics.isEmpty, !topics.contains(checkpointTopic) else {
            return PublishFailure(.client, "\(topics.isEmpty ? "a topic" : checkpointTopic): \(reason.explanation)")
        }
        for topic in topics { refused.refuse(topic, reason) }
        return PublishFailure(.transient, "\(topics.joined(separator: ", ")): \(reason.explanation)")
    }

    /// Commits the open transaction; true also if there is none.
    func commit(within limit: Duration) throws(PublishFailure) -> Bool {
        guard phase == .inTransaction || phase == .committing else { return true }
        phase = .committing
        do {
            try rows.producer.commitTransaction(within: limit)
        } catch  where error.isRetriable && !rows.producer.isOutdated {
            return false
        } catch {
            throw failure(error)
        }
        phase = .open
        return true
    }

    /// Aborts the open transaction at once, so that readers need not wait for its timeout, and purges the queue.
    /// Blocks, at most for 2 s.
    func abandon() {
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

    /// The failure of a call. A call has no row, so its failure is never about a row.
    private func failure(_ error: KafkaError) -> PublishFailure {
        if error.isFenced { return PublishFailure(.fenced, error.description) }
        if let fencing { return fencing }
        // The same call on this producer would fail for ever.
        if error.isRetriable, rows.producer.isOutdated {
            return PublishFailure(.client, PublishFailure.outdated.explanation)
        }
        return PublishFailure(error.isRetriable ? .transient : .client, error.description)
    }
}

/// The topics that a broker did not add to a transaction, and why: librdkafka names them only in its log.
private final class PartitionRefusals: Sendable {
    private let messages = Mutex<[String]>([])

    /// Takes a log line of the producer; other events are ignored.
    func note(_ event: KafkaClientEvent) {
        guard case .log(_, "ADDPARTS", let message) = event else { return }
        messages.withLock { messages in
            if messages.count < Self.kept { messages.append(message) }
        }
    }

    /// The topics refused with this code, sorted. Topics that were not tried because of them have another code.
    func topics(because code: KafkaErrorCode) -> [String] {
        let found = messages.withLock { $0 }.filter { $0.hasSuffix(code.explanation) }.compactMap { Self.topic($0) }
        return Set(found).sorted()
    }

    /// How many lines are kept; one line is about one partition.
    private static let kept = 10_000

    /// `…: Failed to add partition "letters" [3] to transaction: Broker: Topic authorization failed`
    private static func topic(_ message: String) -> String? {
        let words = message.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
        return words.count == 3 ? String(words[1]) : nil
    }
}
