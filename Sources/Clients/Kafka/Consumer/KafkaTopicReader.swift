public import Threads

/// Reads the records that a topic holds now, from given offsets to the end, without a consumer group: to read a
/// compacted topic back, for checks and tools.
///
/// Every call blocks: use a thread of its own. Not thread-safe.
public final class KafkaTopicReader {
    /// The topic's name.
    public let topic: String
    private let consumer: KafkaConsumer
    private let configuration: KafkaConfiguration
    /// The partitions whose end was not reached yet.
    private var open: Set<KafkaPartition> = []
    /// The least end of each partition; see ``readToEnd(from:atLeastTo:within:_:)``.
    private var ends: [KafkaPartition: Int64] = [:]

    /// Makes the client; connects in the background. The topic need not exist.
    ///
    /// - Throws: `KafkaError` that names the variable of a bad property.
    public init(
        _ configuration: KafkaConfiguration, topic: String, wake: WakeDescriptor? = nil, sink: KafkaEventSink? = nil
    ) throws(KafkaError) {
        var configuration = configuration
        configuration["enable.partition.eof"] = "true"
        self.topic = topic
        self.configuration = configuration
        // A group id is required even where no group is joined.
        self.consumer = try KafkaConsumer(configuration, groupID: "topic-reader", wake: wake, sink: sink)
    }

    /// The topic's partitions; empty if it does not exist.
    public func partitions(within limit: Duration) throws(KafkaError) -> [KafkaPartition] {
        let metadata = try consumer.metadata(topic: topic, within: limit).topic(topic)
        if let error = metadata?.error, !error.code.isTopicGone { throw error }
        return (metadata?.partitions ?? []).map { KafkaPartition(topic: topic, index: $0.index) }.sorted()
    }

    /// Hands over every record from `offsets` (default: all partitions from their beginning) to each partition's end as
    /// it is met, at least up to the end at the time of the call; records of one partition are in order.
    ///
    /// - Parameter ends: the least end of a partition. With `isolation.level=read_committed` reading ends before an
    ///   open transaction; a high watermark given here makes it wait until the transactions before it are decided.
    /// - Throws: `KafkaError`, `.timedOut` if the end was not reached within `limit`, or what `body` throws.
    public func readToEnd(
        from offsets: [KafkaPartition: KafkaOffset]? = nil, atLeastTo ends: [KafkaPartition: Int64] = [:],
        within limit: Duration,
        _ body: (KafkaRecordBatch) throws -> Void
    ) throws {
        let deadline = ContinuousClock.now + limit
        let start: [KafkaPartition: KafkaOffset]
        if let offsets {
            start = offsets
        } else {
            start = Dictionary(uniqueKeysWithValues: try partitions(within: limit).map { ($0, .beginning) })
        }
        open = Set(start.keys)
        self.ends = ends
        try consumer.assign(start)
        defer { try? consumer.unassign(Array(start.keys)) }
        while !open.isEmpty {
            if let event = consumer.poll() {
                try handle(event, body)
            } else {
                let left = deadline - .now
                guard left > .zero else {
                    throw KafkaError(.timedOut, "\(topic): \(open.count) partitions were not read to their end in time")
                }
                consumer.wait(upTo: left)
            }
        }
    }

    private func handle(_ event: KafkaConsumerEvent, _ body: (KafkaRecordBatch) throws -> Void) throws {
        switch event {
        case .records(let batch): try body(batch)
        case .reachedEnd(let partition, let offset): if offset >= ends[partition] ?? 0 { open.remove(partition) }
        case .partitionFailed(_, let error) where !error.isRetriable: throw error
        case .failed(let error): throw error
        case .partitionFailed, .assigned, .revoked, .committed: break
        }
    }

    /// Every record that is there now, in one array; for small topics and tests.
    ///
    /// It waits for a transaction that is open, and for one that was committed a moment ago and is not marked so in
    /// each of its partitions yet.
    ///
    /// - Throws: `KafkaError`, `.timedOut` after `limit`.
    public func records(within limit: Duration) throws -> [KafkaRecord] {
        var records: [KafkaRecord] = []
        try readToEnd(atLeastTo: highWatermarks(within: limit), within: limit) { records += $0 }
        return records
    }

    /// A client that reads committed messages gets an earlier end for an answer, so another client asks.
    private func highWatermarks(within limit: Duration) throws(KafkaError) -> [KafkaPartition: Int64] {
        var asking = configuration
        asking["isolation.level"] = "read_uncommitted"
        let asker = try KafkaConsumer(asking, groupID: "topic-reader")
        var ends: [KafkaPartition: Int64] = [:]
        for partition in try partitions(within: limit) {
            ends[partition] = try asker.watermarks(partition, within: limit).high
        }
        return ends
    }
}
