import CRDKafka

extension ClientHandle {
    /// One topic's metadata, or every topic's. Asking a real broker for a topic may create it, if it is set so.
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

    func clusterID(within limit: Duration) throws(KafkaError) -> String {
        guard let text = rd_kafka_clusterid(pointer, limit.pollMilliseconds) else {
            throw KafkaError(.timedOut, "cluster id: no broker answered in time")
        }
        defer { rd_kafka_mem_free(pointer, text) }
        return String(cString: text)
    }

    func watermarks(_ partition: KafkaPartition, within limit: Duration) throws(KafkaError) -> KafkaWatermarks {
        var low: Int64 = 0
        var high: Int64 = 0
        try KafkaError.check(
            rd_kafka_query_watermark_offsets(
                pointer, partition.topic, partition.index, &low, &high, limit.pollMilliseconds),
            "watermarks of \(partition)")
        return KafkaWatermarks(low: low, high: high)
    }
}
