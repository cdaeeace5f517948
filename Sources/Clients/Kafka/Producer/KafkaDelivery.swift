import CRDKafka

/// The outcome of the attempt to queue one message.
public enum KafkaProduceOutcome: Equatable, Sendable {
    /// Queued: exactly one delivery report with the message's correlation will follow.
    case queued
    /// The producer's queue is full; read delivery reports, then offer the same message again.
    case queueFull
    /// Refused, and no report follows. The code's `disposition` says whether the message is at fault or the client.
    case refused(KafkaErrorCode)
}

/// The delivery report of one message.
public struct KafkaDelivery: Equatable, Sendable {
    /// The number given to `produce`.
    public let correlation: UInt64
    /// `.none` when the broker acknowledged the message; otherwise see the code's `disposition`.
    public let code: KafkaErrorCode
    /// The partition, or -1 if none was chosen.
    public let partition: Int32
    /// The offset, or -1 if it is not known.
    public let offset: Int64

    /// Whether the broker acknowledged the message.
    public var isDelivered: Bool { code == .none }
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
