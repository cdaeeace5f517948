public import Kafka

/// How outbox rows become Kafka messages. The defaults are what Debezium's outbox event router makes, and CloudEvents
/// besides.
public struct KafkaPublisherConfiguration: Sendable {
    /// librdkafka's properties.
    public var kafka: KafkaConfiguration
    /// The topic's name; `{aggregate_type}` and `{event_type}` are replaced by the row's values.
    public var topic: TopicTemplate = .default
    /// Add CloudEvents headers in binary mode. Default true.
    public var addsCloudEvents = true
    /// Add the header `id` with the event's id. Default true.
    public var addsEventID = true
    /// The CloudEvents source.
    public var source = "transactional-outbox"
    /// Publish an empty payload as a tombstone. Default false.
    public var emptyPayloadIsTombstone = false
    /// Exactly-once delivery keeps its records in this topic, compacted; several outboxes may share it.
    public var checkpointTopic = "outbox-relay-checkpoints"
    /// Takes librdkafka's log lines and errors.
    public var sink: KafkaEventSink?

    public init(kafka: KafkaConfiguration) {
        self.kafka = kafka
    }
}
