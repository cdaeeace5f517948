import CRDKafka

extension KafkaConsumer {
    /// What is assigned now.
    public func assignment() throws(KafkaError) -> [KafkaPartition] {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try KafkaError.check(rd_kafka_assignment(client.pointer, &list), "assignment")
        guard let list else { return [] }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        return PartitionList.partitions(list)
    }

    /// Stops fetching; assigned partitions stay assigned.
    public func pause(_ partitions: [KafkaPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_pause_partitions(client.pointer, list.pointer), "pause")
        try list.check("pause")
    }

    public func resume(_ partitions: [KafkaPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_resume_partitions(client.pointer, list.pointer), "resume")
        try list.check("resume")
    }

    /// Commits to the group where each partition goes on: the last handled record's offset plus one. Blocks until the
    /// broker has it.
    public func commit(_ offsets: [KafkaPartition: Int64]) throws(KafkaError) {
        let list = PartitionList(offsets.mapValues { KafkaOffset.at($0) })
        try KafkaError.check(rd_kafka_commit(client.pointer, list.pointer, 0), "commit")
        try list.check("commit")
    }

    /// Starts a commit; the outcome comes as `.committed`.
    public func commitWithoutWaiting(_ offsets: [KafkaPartition: Int64]) throws(KafkaError) {
        let list = PartitionList(offsets.mapValues { KafkaOffset.at($0) })
        try KafkaError.check(rd_kafka_commit(client.pointer, list.pointer, 1), "commit")
    }

    /// What the group committed; partitions it never committed are missing. Blocks, at most for `limit`.
    public func committed(
        _ partitions: [KafkaPartition], within limit: Duration
    ) throws(KafkaError) -> [KafkaPartition: Int64] {
        let list = PartitionList(partitions)
        try KafkaError.check(
            rd_kafka_committed(client.pointer, list.pointer, limit.pollMilliseconds), "committed offsets")
        try list.check("committed offset of")
        return list.offsets
    }

    /// The group's id as this member knows it.
    public var memberID: String? {
        guard let text = rd_kafka_memberid(client.pointer) else { return nil }
        defer { rd_kafka_mem_free(client.pointer, text) }
        return String(cString: text)
    }
}
