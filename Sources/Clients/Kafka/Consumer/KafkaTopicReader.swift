public import Threads

/// Reads what a topic holds now, from given offsets to the end, without a consumer group: for reading a compacted topic
/// back, for checks and tools. Every call blocks: on a thread of its own.
public final class KafkaTopicReader {
    public let topic: String
    private let consumer: KafkaConsumer
    private let configuration: KafkaConfiguration
    private var open: Set<KafkaPartition> = []
    private var ends: [KafkaPartition: Int64] = [:]

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
        if let error = metadata?.error, !error.isTopicGone { throw error }
        return (metadata?.partitions ?? []).map { KafkaPartition(topic: topic, index: $0.index) }.sorted()
    }

    /// Hands over every record from `offsets` (default: all partitions from their beginning) to each partition's end as
    /// it is met, at least up to what was there at the call; records of one partition are in order.
    ///
    /// - Parameter ends: where a partition at least has to end. With `isolation.level=read_committed` reading ends
    ///   before a transaction that is open; a high watermark given here makes it wait until those before it are
    ///   decided.
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

    /// Every record that is there now, at once; for small topics and tests.
    ///
    /// A transaction that is open, or was committed a moment ago and is not marked so in each of its partitions yet, is
    /// waited for.
    public func records(within limit: Duration) throws -> [KafkaRecord] {
        var records: [KafkaRecord] = []
        try readToEnd(atLeastTo: highWatermarks(within: limit), within: limit) { records += $0 }
        return records
    }

    /// A client that reads committed messages is told of an earlier end, so another one asks.
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
