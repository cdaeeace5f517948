import Kafka

/// What a ``KafkaTopicMember`` says.
enum MemberEvent {
    case idle
    case records(KafkaRecordBatch)
    case assigned([Int32])
    /// `lost`: others may own the partitions already.
    case revoked(lost: Bool)
    case offsetLost(partition: Int32, detail: String)
    case unavailable(String)
    /// What was wrong is no longer.
    case available
}

/// A member's failure; safe to log.
struct MemberError: Error, CustomStringConvertible {
    let description: String
    /// Whether the consumer is of no use any more.
    let isFinal: Bool

    init(_ description: String, isFinal: Bool) {
        self.description = description
        self.isFinal = isFinal
    }
}
