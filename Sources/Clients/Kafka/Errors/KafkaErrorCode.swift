import CRDKafka

/// An error number of Kafka: positive as on the wire, negative for librdkafka's own, 0 for none.
///
/// Extensible: a number this list does not name is still a code with a `name`.
public struct KafkaErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number as librdkafka gives it.
    public let rawValue: Int32

    /// Any number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    init(_ error: rd_kafka_resp_err_t) { self.rawValue = error.rawValue }

    var cValue: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue: rawValue) }

    /// The upper-case name, for example `MSG_SIZE_TOO_LARGE`; librdkafka's own begin with an underscore.
    public var name: String { String(cString: rd_kafka_err2name(cValue)) }

    /// librdkafka's sentence for the code.
    public var explanation: String { String(cString: rd_kafka_err2str(cValue)) }

    /// The same as ``name``.
    public var description: String { name }

    /// No error.
    public static let none = KafkaErrorCode(RD_KAFKA_RESP_ERR_NO_ERROR)
    /// The broker gave no reason.
    public static let unknown = KafkaErrorCode(RD_KAFKA_RESP_ERR_UNKNOWN)

    // MARK: Codes of librdkafka

    /// The connection to a broker failed.
    public static let transport = KafkaErrorCode(RD_KAFKA_RESP_ERR__TRANSPORT)
    /// No broker can be reached.
    public static let allBrokersDown = KafkaErrorCode(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    /// The host name of a broker has no address.
    public static let resolve = KafkaErrorCode(RD_KAFKA_RESP_ERR__RESOLVE)
    /// The broker refused the credentials.
    public static let authentication = KafkaErrorCode(RD_KAFKA_RESP_ERR__AUTHENTICATION)
    /// The TLS handshake failed.
    public static let ssl = KafkaErrorCode(RD_KAFKA_RESP_ERR__SSL)
    /// The producer's queue is full.
    public static let queueFull = KafkaErrorCode(RD_KAFKA_RESP_ERR__QUEUE_FULL)
    /// The call's time limit passed.
    public static let timedOut = KafkaErrorCode(RD_KAFKA_RESP_ERR__TIMED_OUT)
    /// `purge` took the message back before it was sent.
    public static let purgedFromQueue = KafkaErrorCode(RD_KAFKA_RESP_ERR__PURGE_QUEUE)
    /// `purge` gave the message up after it was sent; the broker may have it.
    public static let purgedInFlight = KafkaErrorCode(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    /// The topic does not exist, as the metadata say.
    public static let unknownTopic = KafkaErrorCode(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
    /// The partition does not exist, as the metadata say.
    public static let unknownPartition = KafkaErrorCode(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    /// The client can no longer be used; `fatalError` has the reason.
    public static let fatal = KafkaErrorCode(RD_KAFKA_RESP_ERR__FATAL)
    /// Another producer of the same `transactional.id` took over, as librdkafka found.
    public static let fenced = KafkaErrorCode(RD_KAFKA_RESP_ERR__FENCED)
    /// The call is not allowed now.
    public static let wrongState = KafkaErrorCode(RD_KAFKA_RESP_ERR__STATE)
    /// The call or a setting is wrong.
    public static let invalidArgument = KafkaErrorCode(RD_KAFKA_RESP_ERR__INVALID_ARG)
    /// The broker does not have this feature.
    public static let unsupportedFeature = KafkaErrorCode(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
    /// A failure without a code of its own.
    public static let fail = KafkaErrorCode(RD_KAFKA_RESP_ERR__FAIL)
    /// The consumer has no offset to start from, and `auto.offset.reset` is `error`.
    public static let noStartOffset = KafkaErrorCode(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
    /// The consumer reached the end of a partition; not a failure.
    public static let endOfPartition = KafkaErrorCode(RD_KAFKA_RESP_ERR__PARTITION_EOF)
    /// The consumer was not polled within `max.poll.interval.ms` and left its group.
    public static let pollIntervalExceeded = KafkaErrorCode(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED)
    /// There is no offset to commit.
    public static let noOffset = KafkaErrorCode(RD_KAFKA_RESP_ERR__NO_OFFSET)

    // MARK: Codes of brokers

    /// The offset is below the oldest or above the newest record.
    public static let offsetOutOfRange = KafkaErrorCode(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
    /// The topic or partition does not exist.
    public static let unknownTopicOrPartition = KafkaErrorCode(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    /// The broker does not lead the partition.
    public static let notLeader = KafkaErrorCode(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION)
    /// The message is larger than the topic's `max.message.bytes`.
    public static let messageTooLarge = KafkaErrorCode(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    /// The topic name is not allowed.
    public static let invalidTopic = KafkaErrorCode(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
    /// The batch is larger than the broker's segment.
    public static let recordListTooLarge = KafkaErrorCode(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE)
    /// The user may not use the topic.
    public static let topicAuthorizationFailed = KafkaErrorCode(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    /// The user may not use the consumer group.
    public static let groupAuthorizationFailed = KafkaErrorCode(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    /// The user may not do this in the cluster.
    public static let clusterAuthorizationFailed = KafkaErrorCode(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
    /// The user may not use the `transactional.id`.
    public static let transactionalIDAuthorizationFailed = KafkaErrorCode(
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    /// The record's time is outside the topic's range.
    public static let invalidTimestamp = KafkaErrorCode(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP)
    /// A policy of the cluster refuses the request.
    public static let policyViolation = KafkaErrorCode(RD_KAFKA_RESP_ERR_POLICY_VIOLATION)
    /// The topic exists already.
    public static let topicAlreadyExists = KafkaErrorCode(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    /// A newer producer of the same `transactional.id` took over.
    public static let invalidProducerEpoch = KafkaErrorCode(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
    /// Another producer of the same `transactional.id` took over, as the broker says.
    public static let producerFenced = KafkaErrorCode(RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
    /// The broker's checks refuse the record.
    public static let invalidRecord = KafkaErrorCode(RD_KAFKA_RESP_ERR_INVALID_RECORD)
}

extension KafkaErrorCode {
    /// The code of an upper-case name, for example `NOT_LEADER_FOR_PARTITION`; nil if there is none.
    public init?(name: String) {
        var descriptions: UnsafePointer<rd_kafka_err_desc>?
        var count = 0
        rd_kafka_get_err_descs(&descriptions, &count)
        let found = UnsafeBufferPointer(start: descriptions, count: count)
            .first { $0.name.map { String(cString: $0) } == name }
        guard let found else { return nil }
        self.init(found.code)
    }
}

// MARK: - Disposition

extension KafkaErrorCode {
    /// The remedy for a message or request that ended with a code.
    public enum Disposition: Hashable, Sendable {
        /// The same message can succeed later: brokers away, leader moving, timeouts, purged.
        case transient
        /// This message will never be taken, its neighbours may: too large, invalid.
        case message
        /// No message to this topic will be taken until an operator acts: missing, invalid name, not authorized, or a
        /// clock that differs by more than the topic allows.
        case topic
        /// Another producer with the same `transactional.id` took over; this one must stop.
        case fenced
        /// Nothing will work until configuration or credentials change, or the client is created anew.
        case client
    }

    /// The class of a failed delivery. A code that is not listed counts as transient: to keep a message and retry it
    /// loses nothing; to set it aside might.
    public var disposition: Disposition {
        switch self {
        case .messageTooLarge, .recordListTooLarge, .invalidRecord, .policyViolation:
            .message
        case .unknownTopic, .unknownPartition, .unknownTopicOrPartition, .invalidTopic, .topicAuthorizationFailed,
            .invalidTimestamp:
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

    /// The topic or partition does not exist, no longer does, or is not known to every broker yet.
    public var isTopicGone: Bool {
        self == .unknownTopic || self == .unknownTopicOrPartition || self == .unknownPartition
    }

    /// The message was taken back by `purge`, not refused by a broker.
    public var isPurged: Bool { self == .purgedFromQueue || self == .purgedInFlight }
}
