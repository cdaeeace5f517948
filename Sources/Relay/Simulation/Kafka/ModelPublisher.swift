import Outbox
import Sabotage

/// A producer for at-least-once delivery.
final class ModelPublisher: ModelProducer, Publisher {
    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        let message = Self.message(row)
        if let refusal = kafka.refusesAtOnce(message) { return .refused(refusal) }
        guard !isSpent, queued < Self.queueRows else { return .full }
        queues[message.key % ModelKafka.partitions].append(Queued(deliveryID: deliveryID, message: message))
        if kafka.mutant == .checkpointBeforeAck { reports.append((deliveryID, nil)) }
        return .queued
    }

    override func accept(_ batch: [Queued]) -> Bool {
        kafka.store(batch.compactMap(\.message))
        return true
    }

    func abandon() { giveUp() }
}
