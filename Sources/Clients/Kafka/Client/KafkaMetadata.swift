import CRDKafka
import Threads

/// The brokers and topics of a cluster, as one broker answers.
public struct KafkaMetadata: Sendable {
    /// A broker that is up.
    public struct Broker: Sendable, Hashable {
        /// The id that partitions name it by.
        public let id: Int32
        /// `host:port`, as clients are to reach it.
        public let address: String
    }

    /// A partition of a topic.
    public struct Partition: Sendable, Hashable {
        /// Counted from 0.
        public let index: Int32
        /// The id of the leading broker; nil while there is none.
        public let leader: Int32?
        /// The ids of the brokers that are to have the partition.
        public let replicas: [Int32]
        /// The ids of the brokers that have all of it.
        public let inSyncReplicas: [Int32]
    }

    /// A topic, or the reason why it cannot be described.
    public struct Topic: Sendable {
        /// As asked for.
        public let name: String
        /// In any order; empty with an error.
        public let partitions: [Partition]
        /// The reason why there are no partitions: unknown topic, not authorized.
        public let error: KafkaError?
    }

    /// At least one.
    public let brokers: [Broker]
    /// The topics that were asked for.
    public let topics: [Topic]

    /// The topic of that name; nil if it was not asked for.
    public func topic(_ name: String) -> Topic? { topics.first { $0.name == name } }
}

// MARK: - Queries

extension KafkaProducer {
    /// The metadata of one topic, or of all with nil. Blocks, at most for `limit`. Asking for a topic may create it
    /// where brokers create topics on use.
    public func metadata(topic: String?, within limit: Duration) throws(KafkaError) -> KafkaMetadata {
        try client.metadata(topic: topic, within: limit)
    }

    /// The cluster's id. It changes when the same address leads to another cluster. Blocks, at most for `limit`.
    public func clusterID(within limit: Duration) throws(KafkaError) -> String {
        try client.clusterID(within: limit)
    }

    /// The oldest and the next offset of a partition. Blocks, at most for `limit`.
    public func watermarks(_ partition: KafkaPartition, within limit: Duration) throws(KafkaError) -> KafkaWatermarks {
        try client.watermarks(partition, within: limit)
    }
}

extension KafkaConsumer {
    /// The metadata of one topic, or of all with nil. Blocks, at most for `limit`. Asking for a topic may create it
    /// where brokers create topics on use.
    public func metadata(topic: String?, within limit: Duration) throws(KafkaError) -> KafkaMetadata {
        try client.metadata(topic: topic, within: limit)
    }

    /// The cluster's id. It changes when the same address leads to another cluster. Blocks, at most for `limit`.
    public func clusterID(within limit: Duration) throws(KafkaError) -> String {
        try client.clusterID(within: limit)
    }

    /// The oldest and the next offset of a partition. Blocks, at most for `limit`.
    public func watermarks(_ partition: KafkaPartition, within limit: Duration) throws(KafkaError) -> KafkaWatermarks {
        try client.watermarks(partition, within: limit)
    }
}

extension ClientHandle {
    /// The metadata of one topic, or of all with nil. A broker that is set so creates a topic that is asked for.
    func metadata(topic: String?, within limit: Duration) throws(KafkaError) -> KafkaMetadata {
        var only: OpaquePointer?
        if let topic {
            guard KafkaTopic.isValid(topic) else { throw KafkaError(.invalidTopic, "\"\(topic)\" is no topic name") }
            only = rd_kafka_topic_new(pointer, topic, nil)
        }
        defer { if let only { rd_kafka_topic_destroy(only) } }
        var result: UnsafePointer<rd_kafka_metadata>?
        try KafkaError.check(
            rd_kafka_metadata(pointer, topic == nil ? 1 : 0, only, &result, limit.pollMilliseconds), "metadata")
        guard let result else { throw KafkaError(.fail, "metadata: librdkafka gave none") }
        defer { rd_kafka_metadata_destroy(result) }
        return KafkaMetadata(
            brokers: UnsafeBufferPointer(start: result.pointee.brokers, count: Int(result.pointee.broker_cnt)).map {
                KafkaMetadata.Broker(id: $0.id, address: "\($0.host.map { String(cString: $0) } ?? ""):\($0.port)")
            },
            topics: UnsafeBufferPointer(start: result.pointee.topics, count: Int(result.pointee.topic_cnt)).map(
                translate))
    }

    private func translate(_ topic: rd_kafka_metadata_topic) -> KafkaMetadata.Topic {
        let name = topic.topic.map { String(cString: $0) } ?? ""
        let code = KafkaErrorCode(topic.err)
        return KafkaMetadata.Topic(
            name: name,
            partitions: UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt)).map { partition in
                KafkaMetadata.Partition(
                    index: partition.id, leader: partition.leader < 0 ? nil : partition.leader,
                    replicas: Array(UnsafeBufferPointer(start: partition.replicas, count: Int(partition.replica_cnt))),
                    inSyncReplicas: Array(UnsafeBufferPointer(start: partition.isrs, count: Int(partition.isr_cnt))))
            },
            error: code == .none ? nil : KafkaError(code, "topic \(name): \(code.explanation)"))
    }

    /// The cluster's id.
    func clusterID(within limit: Duration) throws(KafkaError) -> String {
        guard let text = rd_kafka_clusterid(pointer, limit.pollMilliseconds) else {
            throw KafkaError(.timedOut, "cluster id: no broker answered in time")
        }
        defer { rd_kafka_mem_free(pointer, text) }
        return String(cString: text)
    }

    /// The oldest and the next offset of a partition.
    ///
    /// `rd_kafka_query_watermark_offsets` asks for both at once, but before librdkafka 2.3 it waits for ever for a
    /// broker that is away, whatever its limit is.
    func watermarks(_ partition: KafkaPartition, within limit: Duration) throws(KafkaError) -> KafkaWatermarks {
        let deadline = ContinuousClock.now + limit
        let low = try offset(.beginning, of: partition, within: limit)
        let high = try offset(.end, of: partition, within: max(.zero, deadline - .now))
        return KafkaWatermarks(low: low, high: high)
    }

    private func offset(
        _ place: KafkaOffset, of partition: KafkaPartition, within limit: Duration
    ) throws(KafkaError) -> Int64 {
        // The call takes the two places instead of a time.
        let list = PartitionList([partition: place])
        try KafkaError.check(
            rd_kafka_offsets_for_times(pointer, list.pointer, limit.pollMilliseconds), "watermarks of \(partition)")
        try list.check("watermarks of")
        guard let offset = list.offsets[partition] else {
            throw KafkaError(.timedOut, "watermarks of \(partition): no broker answered in time")
        }
        return offset
    }
}
