import Dispatch
import Foundation
import Kafka
import Synchronization
import TestKit
import Testing

/// The end of a topic that is written in transactions, beside the strict Kafka: the mock cluster isolates nothing.
@Suite(.ownThread) struct TopicReaderTests {
    private static let partitions = 4

    /// Each answer to the reader's fetch has records of every partition, so librdkafka never reports the end of one.
    @Test func theEndIsFoundWhileTransactionsFollowEachOther() throws {
        let strict = try StrictKafka()
        let kafka = TestKafka(strict)
        let topic = try kafka.topic(partitions: Self.partitions)
        let load = TransactionLoad(kafka.configuration, topic, partitions: Self.partitions)
        defer { load.end() }
        let reader = try KafkaTopicReader(kafka.configuration, topic: topic)
        // The second reading begins where librdkafka still knows the positions of the first one.
        for _ in 1...2 {
            let committed = load.committed
            let records = try reader.records(within: .seconds(15))
            for partition in 0..<Int32(Self.partitions) {
                let values = records.filter { $0.partition == partition }.compactMap { $0.keyText }
                #expect(values.count >= committed)
                #expect(values == values.indices.map { "\($0)" })
            }
        }
        #expect(load.failure == nil)
    }

    @Test func withoutAGivenEndTheReaderStopsBeforeAnOpenTransaction() throws {
        let strict = try StrictKafka()
        let kafka = TestKafka(strict)
        let topic = try kafka.topic(partitions: Self.partitions)
        let open = try Transaction(kafka.configuration, topic, id: topic + "-open")
        let load = TransactionLoad(kafka.configuration, topic, partitions: Self.partitions)
        defer { load.end() }
        try open.write(partition: 0)
        let reader = try KafkaTopicReader(kafka.configuration, topic: topic)
        var read: Set<Int32> = []
        try reader.readToEnd(within: .seconds(15)) { batch in
            for record in batch {
                read.insert(record.partition)
                #expect(record.keyText != "open")
            }
        }
        #expect(read.isSuperset(of: 1..<Int32(Self.partitions)))
        #expect(load.failure == nil)
    }

    @Test func anOpenTransactionIsWaitedForWhileOthersFollowEachOther() throws {
        let strict = try StrictKafka()
        let kafka = TestKafka(strict)
        let topic = try kafka.topic(partitions: Self.partitions)
        let open = try Transaction(kafka.configuration, topic, id: topic + "-open")
        let load = TransactionLoad(kafka.configuration, topic, partitions: Self.partitions)
        defer { load.end() }
        try open.write(partition: 0)
        let reader = try KafkaTopicReader(kafka.configuration, topic: topic)
        let failure = #expect(throws: KafkaError.self) { try reader.records(within: .seconds(2)) }
        #expect(failure?.code == .timedOut)
        try open.commit()
        let found = try reader.records(within: .seconds(15)).filter { $0.keyText == "open" }
        #expect(found.map(\.partition) == [0])
        #expect(load.failure == nil)
    }
}

/// A producer with a `transactional.id`.
private struct Transaction {
    private let producer: KafkaProducer
    private let topic: KafkaTopic
    private let reader: KafkaDeliveryReader

    init(_ configuration: KafkaConfiguration, _ topic: String, id: String) throws {
        var configuration = configuration
        configuration["transactional.id"] = id
        producer = try KafkaProducer(configuration)
        self.topic = try producer.topic(topic)
        reader = producer.deliveryReader()
        try producer.initTransactions(within: .seconds(30))
    }

    /// Begins a transaction and writes one record, which is acknowledged.
    func write(key: String = "open", partition: Int32) throws {
        try begin()
        try write([partition], key: key)
    }

    func begin() throws { try producer.beginTransaction() }

    func write(_ partitions: some Sequence<Int32>, key: String) throws {
        for partition in partitions {
            let outcome = producer.produce(to: topic, partition: partition, key: Array(key.utf8), value: [1])
            guard outcome == .queued else { throw TestFailure("partition \(partition): \(outcome)") }
        }
        guard producer.flush(reader, within: .seconds(30), { _ in }) else { throw TestFailure("reports are missing") }
    }

    func commit() throws { try producer.commitTransaction(within: .seconds(30)) }
}

/// Transactions one after another, on a thread of their own, each with one record for every partition. The keys of a
/// partition's records are 0, 1, 2 and so on.
private final class TransactionLoad: Sendable {
    private let count = Atomic<Int>(0)
    private let isEnding = Atomic<Bool>(false)
    private let trouble = Mutex<String?>(nil)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Starts the load, and returns after some transactions.
    init(_ configuration: KafkaConfiguration, _ topic: String, partitions: Int) {
        let isRunning = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            do {
                let transaction = try Transaction(configuration, topic, id: topic + "-load")
                while !isEnding.load(ordering: .relaxed) {
                    let number = count.load(ordering: .relaxed)
                    try transaction.begin()
                    try transaction.write(0..<Int32(partitions), key: "\(number)")
                    try transaction.commit()
                    count.store(number + 1, ordering: .sequentiallyConsistent)
                    if number == 3 { isRunning.signal() }
                }
            } catch {
                trouble.withLock { $0 = "\(error)" }
                isRunning.signal()
            }
            hasEnded.signal()
        }
        isRunning.wait()
    }

    /// The number of transactions that were committed until now.
    var committed: Int { count.load(ordering: .sequentiallyConsistent) }
    /// The reason why the load ended by itself.
    var failure: String? { trouble.withLock { $0 } }

    /// Ends the load, and waits until its last transaction is committed.
    func end() {
        isEnding.store(true, ordering: .relaxed)
        hasEnded.wait()
    }
}
