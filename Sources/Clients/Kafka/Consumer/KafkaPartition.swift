import CRDKafka

/// One partition of one topic.
public struct KafkaPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The topic's name.
    public let topic: String
    /// Counted from 0.
    public let index: Int32

    /// Nothing is checked.
    public init(topic: String, index: Int32) {
        self.topic = topic
        self.index = index
    }

    /// By topic, then by index.
    public static func < (left: KafkaPartition, right: KafkaPartition) -> Bool {
        (left.topic, left.index) < (right.topic, right.index)
    }

    /// `topic[index]`.
    public var description: String { "\(topic)[\(index)]" }
}

/// The place where reading starts: an offset counted from 0, or a place that Kafka knows.
public struct KafkaOffset: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// An offset from 0, or a negative number that librdkafka gives a place.
    public let rawValue: Int64

    /// Any number.
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// An offset, as in `5`.
    public init(integerLiteral value: Int64) { self.rawValue = value }

    /// The offset of the next message to read: a committed offset is that of the last applied message plus one.
    public static func at(_ offset: Int64) -> KafkaOffset { KafkaOffset(rawValue: offset) }

    /// The oldest message the broker still has.
    public static let beginning = KafkaOffset(rawValue: Int64(RD_KAFKA_OFFSET_BEGINNING))
    /// The message produced next.
    public static let end = KafkaOffset(rawValue: Int64(RD_KAFKA_OFFSET_END))
    /// The offset that the group committed; without one `auto.offset.reset` decides, an error by default.
    public static let committed = KafkaOffset(rawValue: Int64(RD_KAFKA_OFFSET_STORED))

    /// The number, or the name of the place.
    public var description: String {
        switch self {
        case .beginning: "beginning"
        case .end: "end"
        case .committed: "committed"
        default: String(rawValue)
        }
    }
}

/// The range of offsets that a partition holds; empty if `low` equals `high`.
public struct KafkaWatermarks: Sendable, Hashable {
    /// The offset of the oldest record.
    public let low: Int64
    /// The offset of the record that is produced next.
    public let high: Int64
}
