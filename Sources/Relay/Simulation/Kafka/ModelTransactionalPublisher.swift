import Outbox
import Sabotage
import Threads

/// A producer for exactly-once delivery. Calls fail, and their outcome may be unknown.
final class ModelTransactionalPublisher: ModelProducer, TransactionalPublisher {
    /// Called before each call that blocks, when anything may happen.
    private let onCall: () -> Void
    private var epoch = 0
    /// The commit took effect, and the answer was lost.
    private var hasCommitted = false

    init(_ kafka: ModelKafka, owner: Int, onCall: @escaping () -> Void) {
        self.onCall = onCall
        super.init(kafka, owner: owner)
    }

    func open(within limit: Duration) throws(PublishFailure) {
        onCall()
        try requireAnswer()
        guard epoch == 0 else { return }
        epoch = kafka.openProducer()
        if kafka.random.chance(kafka.unknownIn) { throw Self.timedOut }
    }

    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord? {
        onCall()
        try requireAnswer()
        return kafka.mutant == .recordNotRead ? nil : kafka.coordinator.lastRecord
    }

    private func requireAnswer() throws(PublishFailure) {
        if !kafka.isUp || kafka.random.chance(kafka.unknownIn) { throw Self.timedOut }
    }

    private static let timedOut = PublishFailure(.transient, "TIMED_OUT")

    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        let message = Self.message(row)
        if let refusal = kafka.refusesAtOnce(message) { return .refused(refusal) }
        return queue(Queued(deliveryID: deliveryID, message: message), partition: message.key % ModelKafka.partitions)
    }

    func publish(_ record: DeliveryRecord, deliveryID: UInt64) -> PublishOutcome {
        queue(Queued(deliveryID: deliveryID, record: record), partition: 0)
    }

    private func queue(_ queued: Queued, partition: Int) -> PublishOutcome {
        guard !isSpent else { return .refused(PublishFailure(.client, "the producer has failed")) }
        guard self.queued < Self.queueRows else { return .full }
        queues[partition].append(queued)
        return .queued
    }

    override func accept(_ batch: [Queued]) -> Bool {
        batch.allSatisfy { queued in
            queued.message.map { kafka.append($0, epoch: epoch) }
                ?? queued.record.map { kafka.append($0, epoch: epoch) } ?? true
        }
    }

    /// Sometimes the answer is late, sometimes it is lost, and then it may have been a yes.
    func commit(within limit: Duration) throws(PublishFailure) -> Bool {
        onCall()
        if hasCommitted {
            hasCommitted = false
            return true
        }
        guard kafka.isUp else { return false }
        if kafka.random.chance(kafka.unknownIn) { return false }
        if kafka.random.chance(kafka.failsIn) { throw PublishFailure(.client, "COORDINATOR_NOT_AVAILABLE, not done") }
        guard kafka.commit(epoch: epoch) else { throw PublishFailure(.fenced, "PRODUCER_FENCED") }
        if kafka.random.chance(kafka.failsIn) { throw PublishFailure(.client, "COORDINATOR_NOT_AVAILABLE, done") }
        guard kafka.random.chance(kafka.unknownIn) else { return true }
        hasCommitted = true
        return false
    }

    /// An abort may not get through: the next producer that is opened does it.
    func abandon() {
        if epoch > 0, kafka.isUp, kafka.random.chance(2) { kafka.abort(epoch: epoch) }
        end()
    }

    override func kill() { end() }
}

/// Makes the producers of one relay.
struct ModelPublisherFactory: PublisherFactory {
    private let make: @Sendable () -> any Publisher
    private let makeTransactional: @Sendable () -> any TransactionalPublisher

    /// A simulation runs on one thread, whatever the protocol of the factory asks for.
    init(_ kafka: ModelKafka, owner: Int, onCall: @escaping () -> Void) {
        nonisolated(unsafe) let kafka = kafka
        nonisolated(unsafe) let onCall = onCall
        make = { ModelPublisher(kafka, owner: owner) }
        makeTransactional = { ModelTransactionalPublisher(kafka, owner: owner, onCall: onCall) }
    }

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher { make() }

    func makeTransactionalPublisher(
        for outbox: OutboxOrigin, wake: WakeDescriptor
    ) throws(OutboxError) -> any TransactionalPublisher { makeTransactional() }
}
