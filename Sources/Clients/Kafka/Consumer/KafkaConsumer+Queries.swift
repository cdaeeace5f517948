/// Questions to the cluster. Each blocks, at most for its limit.
extension KafkaConsumer {
    /// Metadata of one topic, or of all with nil.
    public func metadata(topic: String?, within limit: Duration) throws(KafkaError) -> KafkaMetadata {
        try client.metadata(topic: topic, within: limit)
    }

    /// The cluster's id; it changes when somebody points the same address at another cluster.
    public func clusterID(within limit: Duration) throws(KafkaError) -> String {
        try client.clusterID(within: limit)
    }

    public func watermarks(_ partition: KafkaPartition, within limit: Duration) throws(KafkaError) -> KafkaWatermarks {
        try client.watermarks(partition, within: limit)
    }
}
