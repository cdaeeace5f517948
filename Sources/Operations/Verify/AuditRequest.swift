public import Operations
public import OutboxKafka

/// What an audit looks at.
public struct AuditRequest: Sendable {
    /// The relay's schema, as in `RELAY_SCHEMA`, not quoted.
    public var schema = "outbox_relay"
    /// The relay's topics, as in `RELAY_TOPIC`.
    public var topics = TopicTemplate.default
    /// The relay's records, as in `RELAY_CHECKPOINT_TOPIC`: no records of rows, even if ``topics`` can name this topic.
    public var checkpointTopic = KafkaPublisherConfiguration.standardCheckpointTopic
    /// Only what was written at or after this time, and before that one.
    public var since: Moment?
    /// See ``since``.
    public var until: Moment?
    /// Only rows of this aggregate type.
    public var aggregateType: String?
    /// Only rows of this aggregate id.
    public var aggregateId: String?
    /// Where temporary files are made, 64 bytes for each row, event and record.
    public var directory = "/tmp"

    /// Everything.
    public init() {}

    /// Whether the aggregate type alone decides the topic.
    var namesTopicsByType: Bool { topics.headers.isEmpty && !topics.usesEventType }

    var hasFilter: Bool { since != nil || until != nil || aggregateType != nil || aggregateId != nil }

    /// Whether something written at this time, in microseconds, is looked at.
    func covers(_ createdAt: Int64) -> Bool {
        (since.map { createdAt >= $0.microseconds } ?? true) && (until.map { createdAt < $0.microseconds } ?? true)
    }
}
