extension KafkaErrorCode {
    /// What a caller can do about a message or request that ended with a code.
    public enum Disposition: Hashable, Sendable {
        /// The same message can succeed later: brokers away, leader moving, timeouts, purged.
        case transient
        /// This message will never be taken, its neighbours may: too large, invalid.
        case message
        /// No message to this topic will be taken until an operator acts: missing, invalid name, not authorized.
        case topic
        /// Another producer with the same `transactional.id` took over; this one must stop.
        case fenced
        /// Nothing will work until configuration or credentials change, or the client is created anew.
        case client
    }

    /// The classification of a failed delivery. A code nobody has listed is taken for transient: keeping a message
    /// and retrying loses nothing, setting it aside might.
    public var disposition: Disposition {
        switch self {
        case .messageTooLarge, .recordListTooLarge, .invalidRecord, .invalidTimestamp, .policyViolation:
            .message
        case .unknownTopic, .unknownPartition, .unknownTopicOrPartition, .invalidTopic, .topicAuthorizationFailed:
            .topic
        case .fenced, .producerFenced, .invalidProducerEpoch:
            .fenced
        case .fatal, .authentication, .ssl, .clusterAuthorizationFailed, .transactionalIDAuthorizationFailed,
            .groupAuthorizationFailed, .invalidArgument, .unsupportedFeature, .wrongState:
            .client
        default:
            .transient
        }
    }

    /// The topic or partition does not exist (or no longer does).
    public var isTopicGone: Bool {
        self == .unknownTopic || self == .unknownTopicOrPartition || self == .unknownPartition
    }

    /// The broker refused for want of permission.
    public var isAuthorization: Bool {
        self == .topicAuthorizationFailed || self == .groupAuthorizationFailed || self == .clusterAuthorizationFailed
            || self == .transactionalIDAuthorizationFailed
    }

    /// The message was taken back by `purge`, not refused by a broker.
    public var isPurged: Bool { self == .purgedFromQueue || self == .purgedInFlight }
}
