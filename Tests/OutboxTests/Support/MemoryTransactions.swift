@testable import Outbox

/// What a Kafka with one transaction coordinator would hold: a log in which each message belongs to a transaction, and
/// for each `transactional.id` who may write. Messages lie in the log in the order of their arrival, visible or not.
struct MemoryTransactions {
    enum Outcome { case open, committed, aborted }
    struct Refused: Error {}

    private struct Entry {
        var transaction: Int
        var message: MemoryTopic.Message
    }

    private struct Producer {
        var epoch = 0
        var transaction: Int?
        /// Records by the transaction they were written in, oldest first.
        var records: [(transaction: Int, record: DeliveryRecord)] = []
    }

    private var log: [Entry] = []
    private var outcomes: [Outcome] = []
    private var producers: [String: Producer] = [:]
    /// How often a producer that was fenced tried to do something.
    private(set) var fencings = 0

    var committed: [MemoryTopic.Message] {
        log.filter { outcomes[$0.transaction] == .committed }.map(\.message)
    }

    func lastRecord(_ id: String) -> DeliveryRecord? {
        producers[id]?.records.last { outcomes[$0.transaction] == .committed }?.record
    }

    /// Makes older producers zombies and undoes what they left open.
    mutating func open(_ id: String) -> Int {
        var producer = producers[id] ?? Producer()
        if let transaction = producer.transaction { outcomes[transaction] = .aborted }
        producer.transaction = nil
        producer.epoch += 1
        producers[id] = producer
        return producer.epoch
    }

    mutating func append(_ message: MemoryTopic.Message, _ id: String, epoch: Int) throws(Refused) {
        log.append(Entry(transaction: try transaction(id, epoch), message: message))
    }

    mutating func append(_ record: DeliveryRecord, _ id: String, epoch: Int) throws(Refused) {
        let transaction = try transaction(id, epoch)
        producers[id]?.records.append((transaction, record))
    }

    mutating func end(_ id: String, epoch: Int, _ outcome: Outcome) throws(Refused) {
        try check(id, epoch)
        if let transaction = producers[id]?.transaction { outcomes[transaction] = outcome }
        producers[id]?.transaction = nil
    }

    private mutating func transaction(_ id: String, _ epoch: Int) throws(Refused) -> Int {
        try check(id, epoch)
        if let open = producers[id]?.transaction { return open }
        outcomes.append(.open)
        producers[id]?.transaction = outcomes.count - 1
        return outcomes.count - 1
    }

    private mutating func check(_ id: String, _ epoch: Int) throws(Refused) {
        guard producers[id]?.epoch == epoch else {
            fencings += 1
            throw Refused()
        }
    }
}
