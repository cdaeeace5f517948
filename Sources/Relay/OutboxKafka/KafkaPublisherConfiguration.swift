public import Kafka

/// How outbox rows become Kafka messages. The defaults make the messages of Debezium's outbox event router, with
/// CloudEvents headers added.
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
    /// Which time a record carries. Default ``RecordTimestamp/publish``. A row's time is never used as it is if it is
    /// later than now, or older than half of what the topic refuses (`message.timestamp.before.max.ms`) or deletes
    /// (`retention.ms`), as far as Kafka tells these settings.
    public var recordTimestamp = RecordTimestamp.publish
    /// The compacted topic that holds the records of how far publishing is. Several outboxes may share it.
    public var checkpointTopic = Self.standardCheckpointTopic
    /// Where relays keep their records without another setting.
    public static let standardCheckpointTopic = "outbox-relay-checkpoints"
    /// Keep a record with at-least-once delivery as well. Default true; false for tests that count Kafka's requests.
    package var keepsRecord = true
    /// Gets librdkafka's log lines and errors; nil drops them.
    public var sink: KafkaEventSink?
    /// Is told of acknowledged records that are gone, as it is found, on the threads of publishers and of the
    /// ``KafkaTopicWatch``; must be quick and must not block. nil drops it.
    public var lossSink: (@Sendable (RecordLoss) -> Void)?
    /// Is told of partitions that were added, on the thread of the ``KafkaTopicWatch``. nil drops it.
    public var growthSink: (@Sendable (TopicGrowth) -> Void)?

    /// - Parameter kafka: librdkafka's properties, with `bootstrap.servers`.
    public init(kafka: KafkaConfiguration) {
        self.kafka = kafka
    }
}
