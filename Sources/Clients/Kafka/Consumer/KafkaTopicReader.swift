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
    /// The partitions that are not read to their end yet.
    private var open: Set<KafkaPartition> = []
    /// The least end of each partition; see ``readToEnd(from:atLeastTo:within:_:)``.
    private var ends: [KafkaPartition: Int64] = [:]
    /// The partitions of the reading that is under way.
    private var assigned: [KafkaPartition] = []
    /// The positions at which an earlier reading ended. They say nothing about this one.
    private var outdated: [KafkaPartition: Int64] = [:]

    /// Makes the client; connects in the background. The topic need not exist.
    ///
    /// - Throws: `KafkaError` that names the variable of a bad property.
    public convenience init(
        _ configuration: KafkaConfiguration, topic: String, wake: WakeDescriptor? = nil, sink: KafkaEventSink? = nil
    ) throws(KafkaError) {
        try self.init(configuration, topic: topic, wake: wake, sink: sink, brake: nil)
    }

    /// Makes a client that scans topics of any size: see ``scanToEnd(from:atLeastTo:within:_:)``.
    ///
    /// - Throws: as the other one.
    public convenience init(scanning topic: String, _ configuration: KafkaConfiguration) throws(KafkaError) {
        var configuration = configuration
        configuration.setDefault("queued.min.messages", String(KafkaLimits.scanQueueRecords))
        configuration.setDefault("queued.max.messages.kbytes", String(KafkaLimits.scanQueueKilobytes))
        configuration.setDefault("fetch.max.bytes", String(KafkaLimits.scanFetchBytes))
        let brake = FetchBrake(records: KafkaLimits.scanRecordsAhead, bytes: KafkaLimits.scanBytesAhead)
        try self.init(configuration, topic: topic, wake: nil, sink: nil, brake: brake)
    }

    init(
        _ configuration: KafkaConfiguration, topic: String, wake: WakeDescriptor?, sink: KafkaEventSink?,
        brake: FetchBrake?
    ) throws(KafkaError) {
        var configuration = configuration
        configuration["enable.partition.eof"] = "true"
        self.topic = topic
        self.configuration = configuration
        // A group id is required even where no group is joined.
        self.consumer = try KafkaConsumer(configuration, groupID: "topic-reader", wake: wake, sink: sink, brake: brake)
    }

    /// The topic's partitions; empty if it does not exist.
    public func partitions(within limit: Duration) throws(KafkaError) -> [KafkaPartition] {
        let metadata = try consumer.metadata(topic: topic, within: limit).topic(topic)
        if let error = metadata?.error, !error.code.isTopicGone { throw error }
        return (metadata?.partitions ?? []).map { KafkaPartition(topic: topic, index: $0.index) }.sorted()
    }

    /// The end of a partition for this reader: with `isolation.level=read_committed` the beginning of the first open
    /// transaction, otherwise the high watermark. Blocks, at most for `limit`.
    public func end(of partition: KafkaPartition, within limit: Duration) throws(KafkaError) -> Int64 {
        try consumer.watermarks(partition, within: limit).high
    }

    /// Hands over every record from `offsets` (default: all partitions from their beginning) to each partition's end at
    /// the time of the call, and perhaps some of the records after it; records of one partition are in order.
    ///
    /// - Parameter ends: the least end of a partition; by default its end for this reader. With
    ///   `isolation.level=read_committed` that default is the beginning of the first open transaction; a high watermark
    ///   given here makes the reader wait until the transactions before it are decided.
    /// - Throws: `KafkaError`, `.timedOut` if the end was not reached within `limit`, or what `body` throws.
    public func readToEnd(
        from offsets: [KafkaPartition: KafkaOffset]? = nil, atLeastTo ends: [KafkaPartition: Int64] = [:],
        within limit: Duration,
        _ body: (KafkaRecordBatch) throws -> Void
    ) throws {
        let deadline = try begin(offsets, ends, within: limit)
        defer { end() }
        while !open.isEmpty {
            if let event = consumer.poll() {
                try handle(event, body)
                try closePassed()
            } else {
                try wait(until: deadline)
            }
        }
    }

    /// The same for topics of any size: records are handed over one by one and not copied, and no more than
    /// ``KafkaLimits/scanRecordsAhead`` wait.
    ///
    /// - Throws: as ``readToEnd(from:atLeastTo:within:_:)``.
    public func scanToEnd(
        from offsets: [KafkaPartition: KafkaOffset]? = nil, atLeastTo ends: [KafkaPartition: Int64] = [:],
        within limit: Duration, _ body: (borrowing KafkaRecordView) throws -> Void
    ) throws {
        let deadline = try begin(offsets, ends, within: limit)
        defer { end() }
        var unlooked = 0
        while !open.isEmpty {
            switch try consumer.scan(upTo: KafkaLimits.scanRecordsPerTurn, body) {
            case .records(let count):
                unlooked += count
                guard unlooked >= KafkaLimits.recordsPerLook else { continue }
                unlooked = 0
                try closePassed()
            case .event(let event): try handle(event) { _ in }
            case .nothing: try wait(until: deadline)
            }
        }
    }

    private func begin(
        _ offsets: [KafkaPartition: KafkaOffset]?, _ ends: [KafkaPartition: Int64], within limit: Duration
    ) throws -> ContinuousClock.Instant {
        let deadline = ContinuousClock.now + limit
        let start: [KafkaPartition: KafkaOffset]
        if let offsets {
            start = offsets
        } else {
            start = Dictionary(uniqueKeysWithValues: try partitions(within: limit).map { ($0, .beginning) })
        }
        open = Set(start.keys)
        self.ends = ends
        for partition in open where ends[partition] == nil {
            self.ends[partition] = try end(of: partition, within: deadline - .now)
        }
        // librdkafka forgets the positions of the reading before this one some time after `assign`.
        outdated = try consumer.positions(Array(open))
        try consumer.assign(start)
        assigned = Array(start.keys)
        consumer.client.brake?.begin(consumer.client.queue)
        return deadline
    }

    private func end() {
        consumer.client.brake?.end()
        try? consumer.unassign(assigned)
        assigned = []
    }

    private func wait(until deadline: ContinuousClock.Instant) throws {
        // The markers that end transactions move the position without an event.
        try closePassed()
        guard !open.isEmpty else { return }
        let left = deadline - .now
        guard left > .zero else {
            throw KafkaError(.timedOut, "\(topic): \(open.count) partitions were not read to their end in time")
        }
        consumer.wait(upTo: left)
    }

    private func handle(_ event: KafkaConsumerEvent, _ body: (KafkaRecordBatch) throws -> Void) throws {
        switch event {
        case .records(let batch): try body(batch)
        case .reachedEnd(let partition, let offset): if offset >= ends[partition] ?? 0 { open.remove(partition) }
        case .partitionFailed(_, let error) where !error.isRetriable: throw error
        // librdkafka looks for the coordinator of a group that is not joined here. A right on it is not needed.
        case .failed(let error) where error.code == .groupAuthorizationFailed: break
        case .failed(let error): throw error
        case .partitionFailed, .assigned, .revoked, .committed: break
        }
    }

    /// A partition is read when the reader's position has passed its end. The event `.reachedEnd` is not enough: it
    /// comes only when the broker has nothing more for the partition, so it never comes while transactions end more
    /// often than once per `fetch.wait.max.ms`.
    private func closePassed() throws(KafkaError) {
        for (partition, position) in try consumer.positions(Array(open)) where position != outdated[partition] {
            if let end = ends[partition], position >= end { open.remove(partition) }
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
