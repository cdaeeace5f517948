import Kafka
import Outbox

/// The compacted topic that holds the last record of each outbox, by `transactional.id`, in both kinds of delivery.
///
/// All records are in partition 0. So the last record of a key is the last one in the partition, also after partitions
/// were added, and reading it means reading one partition.
struct CheckpointTopic {
    private let configuration: KafkaPublisherConfiguration
    private let key: String

    private static let partition: Int32 = 0
    /// Records are small and the topic is read at every start: compaction begins early, with small segments, since it
    /// does not reach the newest segment.
    private static let settings = [
        "cleanup.policy": "compact", "segment.bytes": "16777216", "min.cleanable.dirty.ratio": "0.1",
    ]

    /// - Parameter key: the producer's `transactional.id`.
    init(_ configuration: KafkaPublisherConfiguration, key: String) {
        self.configuration = configuration
        self.key = key
    }

    private var name: String { configuration.checkpointTopic }

    /// Produces the record; its report carries `deliveryID`.
    func publish(_ record: DeliveryRecord, _ producer: KafkaProducer, deliveryID: UInt64) throws(KafkaError)
        -> PublishOutcome
    {
        let topic = try producer.topic(name)
        let outcome = producer.produce(
            to: topic, partition: Self.partition, key: Array(key.utf8), value: Array(record.text.utf8),
            correlation: deliveryID)
        switch outcome {
        case .queued: return .queued
        case .queueFull, .held: return .full
        case .refused(let code): return .refused(PublishFailure(code))
        }
    }

    /// The high watermark of the partition with the records.
    ///
    /// - Throws: as ``lastRecord(_:within:)``.
    func end(_ producer: KafkaProducer, within limit: Duration) throws -> Int64 {
        try known { try producer.watermarks(KafkaPartition(topic: name, index: Self.partition), within: limit).high }
    }

    /// The last committed record of the key; nil if there is none. `producer` has ended its earlier transactions.
    ///
    /// Another outbox's open transaction is waited for only if a record of the key comes after its beginning.
    ///
    /// - Throws: `KafkaError`; `PublishFailure` of kind `transient` while the topic is being created.
    func lastRecord(_ producer: KafkaProducer, within limit: Duration) throws -> DeliveryRecord? {
        try known { try read(producer, within: limit) }
    }

    /// Brokers learn of a new topic one after the other: one that names it is no proof that the next one knows it.
    private func known<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as KafkaError where error.code.isTopicGone {
            throw PublishFailure(.transient, "\(error); a topic that was just made is waited for")
        }
    }

    private func read(_ producer: KafkaProducer, within limit: Duration) throws -> DeliveryRecord? {
        let deadline = ContinuousClock.now + limit
        let reader = try reader(isolation: "read_committed")
        let place = KafkaPartition(topic: name, index: Self.partition)
        guard try reader.partitions(within: limit).contains(place) else {
            try create(producer, within: deadline - .now)
            throw PublishFailure(.transient, "the topic \(name) was not there; it is waited for")
        }
        let end = try neededEnd(of: place, reader, producer, until: deadline)
        var found: String?
        try reader.readToEnd(from: [place: .beginning], atLeastTo: [place: end], within: deadline - .now) { batch in
            for record in batch where isOurs(record) {
                found = record.value.map { String(decoding: $0, as: UTF8.self) }
            }
        }
        guard let found else { return nil }
        guard let record = DeliveryRecord(found) else {
            throw PublishFailure(.client, "the record of \(key) in \(name) cannot be read: \(found.prefix(200))")
        }
        return record
    }

    /// The offset up to which committed records must be read to have seen every record of the key.
    ///
    /// All transactions with records of the key are decided, and their records are before the high watermark. Committed
    /// records can be read up to the first open transaction, which is another outbox's. Only the records between the
    /// two are in question: read uncommitted, they show whether the key is among them. Which of them are committed,
    /// they do not show.
    private func neededEnd(
        of place: KafkaPartition, _ reader: KafkaTopicReader, _ producer: KafkaProducer,
        until deadline: ContinuousClock.Instant
    ) throws -> Int64 {
        let high = try producer.watermarks(place, within: deadline - .now).high
        let stable = try reader.end(of: place, within: deadline - .now)
        guard stable < high else { return high }
        var needed = stable
        try self.reader(isolation: "read_uncommitted")
            .readToEnd(from: [place: .at(stable)], atLeastTo: [place: high], within: deadline - .now) { batch in
                for record in batch where isOurs(record) { needed = record.offset + 1 }
            }
        return needed
    }

    private func isOurs(_ record: KafkaRecord) -> Bool { record.key?.elementsEqual(key.utf8) == true }

    /// A reader with the producer's settings, as far as a consumer has them. It ends soon, so waiting for more data is
    /// useless.
    private func reader(isolation: String) throws(KafkaError) -> KafkaTopicReader {
        var reading = configuration.kafka
        reading["transactional.id"] = nil
        reading["isolation.level"] = isolation
        reading["fetch.wait.max.ms"] = "10"
        reading["allow.auto.create.topics"] = "false"
        return try KafkaTopicReader(reading, topic: name, sink: configuration.sink)
    }

    /// Without the admin API, or without the right to use it, brokers may still create the topic on use.
    private func create(_ producer: KafkaProducer, within limit: Duration) throws(KafkaError) {
        do {
            try producer.createTopic(name, partitions: 1, configuration: Self.settings, within: limit)
        } catch  where error.code != .topicAlreadyExists {
            let refusal = KafkaError(error.code, "\(error.message); create it with cleanup.policy=compact")
            configuration.sink?(.error(refusal))
            // Brokers that refuse this do not create the topic on use either: nothing is to be waited for.
            if [.topicAuthorizationFailed, .clusterAuthorizationFailed].contains(error.code) { throw refusal }
            _ = try producer.metadata(topic: name, within: limit)
        } catch {}
    }
}
