import CRDKafka

/// The owner of one `rd_kafka_topic_partition_list_t`.
struct PartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// Partitions with offsets, sorted.
    init(_ offsets: [KafkaPartition: KafkaOffset]) {
        pointer = rd_kafka_topic_partition_list_new(Int32(offsets.count))
        for (partition, offset) in offsets.sorted(by: { $0.key < $1.key }) {
            let entry = rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.index)
            entry?.pointee.offset = offset.rawValue
        }
    }

    /// Partitions without offsets.
    init(_ partitions: [KafkaPartition]) {
        pointer = rd_kafka_topic_partition_list_new(Int32(partitions.count))
        for partition in partitions { rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.index) }
    }

    /// Topics, all of their partitions.
    init(topics: [String]) {
        pointer = rd_kafka_topic_partition_list_new(Int32(topics.count))
        for topic in topics { rd_kafka_topic_partition_list_add(pointer, topic, -1) }
    }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    /// Throws the first error that an operation left at a partition; `doing` begins the message.
    func check(_ doing: String) throws(KafkaError) {
        for entry in Self.entries(pointer) {
            try KafkaError.check(entry.err, "\(doing) \(Self.partition(entry))")
        }
    }

    /// The offsets by partition, without the partitions that have none.
    var offsets: [KafkaPartition: Int64] { Self.offsets(pointer) }

    static func entries(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) -> UnsafeBufferPointer<rd_kafka_topic_partition_t> {
        guard let list else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt))
    }

    static func partition(_ entry: rd_kafka_topic_partition_t) -> KafkaPartition {
        KafkaPartition(topic: entry.topic.map { String(cString: $0) } ?? "", index: entry.partition)
    }

    static func partitions(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> [KafkaPartition] {
        entries(list).map(partition)
    }

    static func offsets(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> [KafkaPartition: Int64] {
        var result: [KafkaPartition: Int64] = [:]
        for entry in entries(list) where entry.offset >= 0 { result[partition(entry)] = entry.offset }
        return result
    }
}
