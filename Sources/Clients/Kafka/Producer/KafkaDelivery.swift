import CRDKafka

/// The outcome of the attempt to queue one message.
public enum KafkaProduceOutcome: Equatable, Sendable {
    /// Queued: exactly one delivery report with the message's correlation will follow.
    case queued
    /// The producer's queue is full; read delivery reports, then offer the same message again.
    case queueFull
    /// Not taken, by a ``KafkaFirstMessageGate``: the first message to this partition has no report yet. Read delivery
    /// reports, then offer the same message again.
    case held
    /// Refused, and no report follows. The code's `disposition` says whether the message is at fault or the client.
    case refused(KafkaErrorCode)
}

/// The delivery report of one message.
public struct KafkaDelivery: Equatable, Sendable {
    /// The number given to `produce`.
    public let correlation: UInt64
    /// The message's topic.
    public let topic: KafkaTopicID
    /// `.none` when the broker acknowledged the message; otherwise see the code's `disposition`.
    public let code: KafkaErrorCode
    /// The partition, or -1 if none was chosen.
    public let partition: Int32
    /// The offset; negative if it is not known.
    public let offset: Int64

    /// Whether a broker acknowledged this very message, with its offset.
    ///
    /// A report without error and without offset is librdkafka's conclusion: a later message of the partition was
    /// acknowledged, so this one, which was refused or has no answer, counts as stored. The conclusion is wrong where
    /// the partition has no record of the producer: Kafka accepts any first sequence number there.
    public var isDelivered: Bool { code == .none && offset >= 0 }

    /// A report without error that proves nothing; see ``isDelivered``.
    public var isUnproven: Bool { code == .none && offset < 0 }
}

/// The messages that `purge` takes back.
public struct KafkaPurgeScope: OptionSet, Sendable {
    /// librdkafka's flags.
    public let rawValue: Int32

    /// librdkafka's flags.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Messages not yet sent; their reports say `.purgedFromQueue`.
    public static let queued = KafkaPurgeScope(rawValue: Int32(RD_KAFKA_PURGE_F_QUEUE))
    /// Messages sent and not acknowledged; they may be in Kafka nevertheless. Their reports say `.purgedInFlight`.
    public static let inFlight = KafkaPurgeScope(rawValue: Int32(RD_KAFKA_PURGE_F_INFLIGHT))
}
