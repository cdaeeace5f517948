import Threads

@testable import Outbox

/// A transactional publisher over a ``MemoryTopic``: rows and record arrive as through partitions, acknowledged and not
/// visible before they are committed; calls fail, and their outcome may be unknown.
final class MemoryTransactionalPublisher: TransactionalPublisher {
    private enum Item {
        case row(MemoryTopic.Message)
        case record(DeliveryRecord)
    }

    private struct Queued {
        var deliveryID: UInt64
        var item: Item
    }

    private let topic: MemoryTopic
    private let id: String
    private let wake: WakeDescriptor
    private let behaviour: MemoryPublisher.Behaviour
    private var random: SplitMix
    private var queue: [Queued] = []
    private var epoch = 0
    private var isSpent = false

    init(_ topic: MemoryTopic, _ outbox: OutboxOrigin, wake: WakeDescriptor, behaviour: MemoryPublisher.Behaviour) {
        self.topic = topic
        self.wake = wake
        self.behaviour = behaviour
        id = outbox.transactionalID
        random = SplitMix(behaviour.seed)
    }

    func open(within limit: Duration) throws(PublishFailure) {
        behaviour.pause?(.open)
        if chance(behaviour.transientFailureIn) { throw PublishFailure(.transient, "TIMED_OUT") }
        guard epoch == 0 else { return }
        epoch = topic.transact { $0.open(id) }
    }

    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord? {
        behaviour.pause?(.readBack)
        if chance(behaviour.transientFailureIn) { throw PublishFailure(.transient, "TIMED_OUT") }
        return topic.transact { $0.lastRecord(id) }
    }

    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        let message = MemoryTopic.Message(row)
        if let refusal = behaviour.refusesAtOnce(message) { return .refused(refusal) }
        let outcome = accept(Queued(deliveryID: deliveryID, item: .row(message)))
        if outcome == .queued { behaviour.onPublish?(message) }
        return outcome
    }

    func publish(_ record: DeliveryRecord, deliveryID: UInt64) -> PublishOutcome {
        accept(Queued(deliveryID: deliveryID, item: .record(record)))
    }

    private func accept(_ queued: Queued) -> PublishOutcome {
        guard epoch > 0 else { return .refused(PublishFailure(.client, "published before it was opened")) }
        guard queue.count < behaviour.queueRows else { return .full }
        queue.append(queued)
        wake.wake()
        return .queued
    }

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        let batch = queue.prefix(Int.random(in: 0...min(queue.count, 20), using: &random))
        guard !batch.isEmpty, !isSpent else { return wakeIfQueued() }
        queue.removeFirst(batch.count)
        let failure = deliver(batch)
        if failure != nil { isSpent = true }
        for queued in batch.shuffled(using: &random) { body(queued.deliveryID, failure) }
        if failure != nil {
            for queued in queue { body(queued.deliveryID, MemoryPublisher.fallen) }
            queue = []
        }
        wakeIfQueued()
    }

    private func wakeIfQueued() {
        if !queue.isEmpty, !isSpent { wake.wake() }
    }

    private func deliver(_ batch: ArraySlice<Queued>) -> PublishFailure? {
        let isPoisoned = batch.contains {
            if case .row(let message) = $0.item { behaviour.isPoison(message) } else { false }
        }
        if isPoisoned { return PublishFailure(.row, "INVALID_RECORD") }
        if chance(behaviour.transientFailureIn) { return PublishFailure(.transient, "TIMED_OUT") }
        do {
            for queued in batch { try append(queued.item) }
            return nil
        } catch {
            return Self.fenced
        }
    }

    private func append(_ item: Item) throws(MemoryTransactions.Refused) {
        let refused = topic.transact { transactions -> Bool in
            do throws(MemoryTransactions.Refused) {
                switch item {
                case .row(let message): try transactions.append(message, id, epoch: epoch)
                case .record(let record): try transactions.append(record, id, epoch: epoch)
                }
                return false
            } catch {
                return true
            }
        }
        if refused { throw MemoryTransactions.Refused() }
    }

    /// Sometimes the answer is late, sometimes it is lost, and then it may have been a yes.
    func commit(within limit: Duration) throws(PublishFailure) -> Bool {
        behaviour.pause?(.commit)
        if chance(behaviour.transientFailureIn) { return false }
        let fate = behaviour.commit?() ?? randomFate
        if fate == .failsBefore { throw PublishFailure(.client, "COORDINATOR_NOT_AVAILABLE, nothing done") }
        guard end(.committed) else { throw Self.fenced }
        if fate == .failsAfterwards { throw PublishFailure(.client, "COORDINATOR_NOT_AVAILABLE, committed") }
        return true
    }

    private var randomFate: MemoryPublisher.Behaviour.CommitFate {
        guard chance(behaviour.transientFailureIn) else { return .goesWell }
        return chance(2) ? .failsBefore : .failsAfterwards
    }

    /// An abort may not get through: the next publisher that is opened does it.
    func abandon() {
        if epoch > 0, chance(2) { _ = end(.aborted) }
        isSpent = true
        queue = []
    }

    private func end(_ outcome: MemoryTransactions.Outcome) -> Bool {
        topic.transact { transactions in
            do throws(MemoryTransactions.Refused) {
                try transactions.end(id, epoch: epoch, outcome)
                return true
            } catch {
                return false
            }
        }
    }

    private func chance(_ one: Int) -> Bool { one > 0 && Int.random(in: 0..<one, using: &random) == 0 }

    private static let fenced = PublishFailure(.fenced, "PRODUCER_FENCED")
}
