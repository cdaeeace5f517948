import Outbox
import Values

/// What a simulation sees of a producer: messages that wait for their brokers, and reports that wait for the relay.
class ModelProducer {
    struct Queued {
        var deliveryID: UInt64
        /// nil for the record of a transaction.
        var message: ModelKafka.Message?
        var record: DeliveryRecord?
    }

    let kafka: ModelKafka
    /// The number of the relay.
    let owner: Int
    /// By partition, oldest first.
    var queues: [[Queued]]
    /// Stored, and the acknowledgement is on its way.
    var arriving: [UInt64] = []
    var reports: [(UInt64, PublishFailure?)] = []
    /// It has failed or was given up.
    private(set) var isSpent = false

    /// Messages that wait for their brokers, at most.
    static let queueRows = 24
    /// Messages that go to a broker in one request, at most.
    static let batchRows = 6

    init(_ kafka: ModelKafka, owner: Int) {
        self.kafka = kafka
        self.owner = owner
        queues = Array(repeating: [], count: ModelKafka.partitions)
        kafka.add(self)
    }

    var queued: Int { queues.reduce(0) { $0 + $1.count } }

    /// Whether brokers have something to do.
    var isActive: Bool { !isSpent && (queued > 0 || !arriving.isEmpty) }

    var hasReports: Bool { !reports.isEmpty }

    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        let taken = reports
        reports = []
        for (deliveryID, failure) in taken { body(deliveryID, failure) }
    }

    /// The messages of a batch were taken by their broker. Returns false if the producer is fenced.
    func accept(_ batch: [Queued]) -> Bool { true }

    /// One request, or the answers to earlier ones.
    func work() {
        guard isActive else { return }
        if !arriving.isEmpty, queued == 0 || kafka.random.chance(2) { return acknowledge() }
        guard kafka.isUp else { return fail(PublishFailure(.transient, "MSG_TIMED_OUT")) }
        let filled = queues.indices.filter { !queues[$0].isEmpty }
        guard !filled.isEmpty else { return }
        let partition = filled[kafka.random.below(filled.count)]
        let batch = Array(queues[partition].prefix(1 + kafka.random.below(Self.batchRows)))
        if let refusal = kafka.refuses(batch.compactMap(\.message)) { return fail(refusal, batch) }
        if kafka.random.chance(kafka.failsIn) {
            kafka.failures += 1
            // Stored or not, the answer does not come.
            if kafka.random.chance(2) { _ = accept(batch) }
            return fail(PublishFailure(.transient, "MSG_TIMED_OUT"), batch)
        }
        guard accept(batch) else { return fail(PublishFailure(.fenced, "PRODUCER_FENCED"), batch) }
        queues[partition].removeFirst(batch.count)
        arriving += batch.map(\.deliveryID)
    }

    /// Answers come in any order across partitions.
    private func acknowledge() {
        let count = 1 + kafka.random.below(arriving.count)
        arriving.shuffle(using: &kafka.random)
        reports += arriving.prefix(count).map { ($0, nil) }
        arriving.removeFirst(count)
    }

    /// A producer that keeps order stops at its first failure: what is in flight fails with it.
    func fail(_ failure: PublishFailure, _ batch: [Queued] = []) {
        let reason = Set(batch.map(\.deliveryID))
        for queued in queues.joined() {
            let isReason = reason.isEmpty || reason.contains(queued.deliveryID)
            reports.append((queued.deliveryID, isReason ? failure : PublishFailure(.client, "FATAL")))
        }
        for deliveryID in arriving { reports.append((deliveryID, PublishFailure(.client, "FATAL"))) }
        end()
    }

    func end() {
        isSpent = true
        queues = Array(repeating: [], count: ModelKafka.partitions)
        arriving = []
        kafka.remove(self)
    }

    /// Given up: what was sent may still arrive.
    func giveUp() {
        guard !isSpent else { return }
        for queue in queues {
            let messages = queue.compactMap(\.message)
            if kafka.refuses(messages) == nil { kafka.leave(messages) }
        }
        end()
    }

    /// The process was killed.
    func kill() { giveUp() }

    static func message(_ row: OutboxRow) -> ModelKafka.Message {
        let id = row.aggregateID.dropFirst().reduce(0) { $0 * 10 + Int($1) - 48 }
        return ModelKafka.Message(uid: Int(row.eventID.low), key: id, sequence: row.sequenceNumber)
    }
}
