import Kafka

extension KafkaConfiguration {
    /// Defaults of a group member of ours; any of them is overridden by its `KAFKA_` variable.
    func forMembers() -> KafkaConfiguration {
        var result = self
        // A killed member is noticed after this; the broker's own lower bound is 6 seconds.
        result.setDefault("session.timeout.ms", "10000")
        result.setDefault("heartbeat.interval.ms", "2000")
        // How soon a topic that was missing, or new partitions, are found.
        result.setDefault("topic.metadata.refresh.interval.ms", "5000")
        return result
    }
}
