import Foundation
import Threads

@testable import Outbox

/// A publisher with partitions, a bounded queue, and reports that come late and mixed across partitions.
final class MemoryPublisher: Publisher {
    /// What a test wants to go wrong.
    struct Behaviour: Sendable {
        var partitions = 4
        var queueRows = 64
        /// Refuses rows of these keys when they are delivered, together with the neighbours in their batch.
        var poison: Set<OutboxKey> = []
        /// Refuses rows of these keys at once.
        var tooLarge: Set<OutboxKey> = []
        /// Of the two above, only rows with this sequence number are refused.
        var onlySequence: Int64?
        /// Refuses rows of its keys at once, because of their topic.
        var closedTopics: TopicGate?
        /// One of this many deliveries fails as `transient`; 0 for none.
        var transientFailureIn = 0
        var seed: UInt64 = 1
        /// Runs when a row is taken.
        var onPublish: (@Sendable (MemoryTopic.Message) -> Void)?
        /// Transactional only: runs before a call takes effect, as if the process were stopped there for a while.
        var pause: (@Sendable (Call) -> Void)?

        /// Transactional only: the fate of a commit; nil leaves it to chance.
        var commit: (@Sendable () -> CommitFate)?

        enum CommitFate: Sendable { case goesWell, failsBefore, failsAfterwards }

        enum Call: Sendable { case open, readBack, commit }

        func refusesAtOnce(_ message: MemoryTopic.Message) -> PublishFailure? {
            if tooLarge.contains(message.key), isMeant(message) { return PublishFailure(.row, "MSG_SIZE_TOO_LARGE") }
            return closedTopics?.isClosed(message.key) == true ? PublishFailure(.topic, "UNKNOWN_TOPIC") : nil
        }

        func isPoison(_ message: MemoryTopic.Message) -> Bool { poison.contains(message.key) && isMeant(message) }

        private func isMeant(_ message: MemoryTopic.Message) -> Bool {
            onlySequence.map { $0 == message.sequence } ?? true
        }
    }

    private struct Queued {
        var deliveryID: UInt64
        var message: MemoryTopic.Message
    }

    private let topic: MemoryTopic
    private let wake: WakeDescriptor
    private let behaviour: Behaviour
    private var random: SplitMix
    private var queues: [[Queued]]
    private var isFenced = false

    init(_ topic: MemoryTopic, wake: WakeDescriptor, behaviour: Behaviour) {
        self.topic = topic
        self.wake = wake
        self.behaviour = behaviour
        random = SplitMix(behaviour.seed)
        queues = Array(repeating: [], count: behaviour.partitions)
    }

    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        let message = MemoryTopic.Message(row)
        if let refusal = behaviour.refusesAtOnce(message) { return .refused(refusal) }
        guard queues.reduce(0, { $0 + $1.count }) < behaviour.queueRows else { return .full }
        behaviour.onPublish?(message)
        queues[partition(message.key)].append(Queued(deliveryID: deliveryID, message: message))
        wake.wake()
        return .queued
    }

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        for index in queues.indices.shuffled(using: &random) where !queues[index].isEmpty && !isFenced {
            let count = Int.random(in: 0...min(queues[index].count, 20), using: &random)
            deliver(index, count, body)
        }
        if queues.contains(where: { !$0.isEmpty }) { wake.wake() }
    }

    /// A batch goes or fails as a whole, as on a broker; after a failure nothing that follows may overtake it.
    private func deliver(_ index: Int, _ count: Int, _ body: (UInt64, PublishFailure?) -> Void) {
        guard count > 0 else { return }
        let batch = queues[index].prefix(count)
        queues[index].removeFirst(count)
        if let failure = failure(of: batch) {
            isFenced = true
            for queued in batch { body(queued.deliveryID, failure) }
            for queued in queues.joined() { body(queued.deliveryID, Self.fallen) }
            queues = Array(repeating: [], count: behaviour.partitions)
        } else {
            for queued in batch { topic.append(queued.message) }
            for queued in batch.shuffled(using: &random) { body(queued.deliveryID, nil) }
        }
    }

    /// The failure of rows that were in flight when a publisher failed: it does not name the reason.
    static let fallen = PublishFailure(.client, "FATAL")

    private func failure(of batch: ArraySlice<Queued>) -> PublishFailure? {
        if batch.contains(where: { behaviour.isPoison($0.message) }) {
            return PublishFailure(.row, "INVALID_RECORD")
        }
        guard behaviour.transientFailureIn > 0 else { return nil }
        let fails = Int.random(in: 0..<behaviour.transientFailureIn, using: &random) == 0
        return fails ? PublishFailure(.transient, "TIMED_OUT") : nil
    }

    /// What had been sent may still arrive, unseen by us.
    func abandon() {
        guard !isFenced else { return }
        for queue in queues {
            for queued in queue.prefix(Int.random(in: 0...queue.count, using: &random)) {
                if behaviour.isPoison(queued.message) { break }
                topic.append(queued.message)
            }
        }
        isFenced = true
    }

    private func partition(_ key: OutboxKey) -> Int {
        Int(key.aggregateID.utf8.reduce(UInt32(7)) { $0 &* 31 &+ UInt32($1) } % UInt32(behaviour.partitions))
    }
}

struct MemoryPublisherFactory: PublisherFactory {
    let topic: MemoryTopic
    var behaviour = MemoryPublisher.Behaviour()

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        MemoryPublisher(topic, wake: wake, behaviour: ownBehaviour)
    }

    func makeTransactionalPublisher(
        for outbox: OutboxOrigin, wake: WakeDescriptor
    ) throws(OutboxError) -> any TransactionalPublisher {
        MemoryTransactionalPublisher(topic, outbox, wake: wake, behaviour: ownBehaviour)
    }

    /// Each has chances of its own: a publisher that repeated those of the one that failed would fail there again, for
    /// ever.
    private var ownBehaviour: MemoryPublisher.Behaviour {
        var own = behaviour
        own.seed &+= topic.countPublisher() &* 104_729
        return own
    }
}
