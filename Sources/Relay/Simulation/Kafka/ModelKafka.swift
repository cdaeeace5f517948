import Outbox
import Sabotage

/// A model of Kafka with the topics of one outbox: partitions, what idempotent producers may do to their order, and one
/// transaction coordinator.
///
/// A partition takes a producer's messages in the order in which they were sent, without a gap, as idempotence ensures.
/// A message that was sent and not acknowledged may have been stored, and may be stored later.
final class ModelKafka {
    /// A row on its way, or stored.
    struct Message: Equatable {
        var uid: Int
        var key: Int
        var sequence: Int64
    }

    /// Messages that a producer had sent when it was given up.
    struct Stray {
        var messages: [Message]
    }

    static let partitions = 3

    let mutant: Mutant?
    /// Is told of each message that a reader of committed messages sees, in order.
    var onMessage: ((Message) -> Void)?
    /// Whether brokers answer.
    var isUp = true
    /// Keys of which brokers refuse each batch.
    var poisoned: Set<Int> = []
    /// Keys of which each row is too large.
    var tooLarge: Set<Int> = []
    /// Key types whose topic does not exist.
    var closedTypes: Set<String> = []
    /// One in so many requests fails; 0: none.
    var failsIn = 0
    /// One in so many calls of a transactional producer has an outcome that the producer does not get; 0: none.
    var unknownIn = 0
    var random = SeededRandom(0)
    /// How many requests have failed.
    var failures = 0
    private(set) var strays: [Stray] = []
    private(set) var producers: [ModelProducer] = []
    private(set) var coordinator = ModelCoordinator()

    init(mutant: Mutant?) { self.mutant = mutant }

    func store(_ messages: some Sequence<Message>) {
        for message in messages { onMessage?(message) }
    }

    // MARK: Producers

    func add(_ producer: ModelProducer) { producers.append(producer) }

    func remove(_ producer: ModelProducer) { producers.removeAll { $0 === producer } }

    /// A producer is given up with these messages, in their partition's order: some of them had been sent.
    func leave(_ messages: some Collection<Message>) {
        let sent = messages.prefix(random.below(messages.count + 1))
        if !sent.isEmpty { strays.append(Stray(messages: Array(sent))) }
    }

    /// Sent messages of a producer that is gone arrive, or are lost.
    func settleStray() {
        guard !strays.isEmpty else { return }
        let stray = strays.remove(at: random.below(strays.count))
        if !random.chance(3) { store(stray.messages) }
    }

    /// The process with these producers was killed.
    func kill(owner: Int) {
        for producer in producers where producer.owner == owner { producer.kill() }
    }

    // MARK: What brokers refuse

    func refusesAtOnce(_ message: Message) -> PublishFailure? {
        if tooLarge.contains(message.key) { return PublishFailure(.row, "MSG_SIZE_TOO_LARGE") }
        if closedTypes.contains(ModelKey(message.key).type) { return PublishFailure(.topic, "UNKNOWN_TOPIC_OR_PART") }
        return nil
    }

    func refuses(_ messages: some Sequence<Message>) -> PublishFailure? {
        messages.contains { poisoned.contains($0.key) } ? PublishFailure(.row, "INVALID_RECORD") : nil
    }

    // MARK: Transactions

    func openProducer() -> Int { coordinator.open() }

    func append(_ message: Message, epoch: Int) -> Bool { coordinator.append(.message(message), epoch: epoch) }

    func append(_ record: DeliveryRecord, epoch: Int) -> Bool { coordinator.append(.record(record), epoch: epoch) }

    func abort(epoch: Int) { _ = coordinator.end(epoch: epoch) }

    /// The coordinator ends a transaction that takes too long, and its producer with it.
    func expireTransaction() { coordinator.expire() }

    /// Returns false if the producer is fenced.
    func commit(epoch: Int) -> Bool {
        guard let committed = coordinator.end(epoch: epoch) else { return false }
        for item in committed {
            switch item {
            case .message(let message): store([message])
            case .record(let record): coordinator.lastRecord = record
            }
        }
        return true
    }
}
