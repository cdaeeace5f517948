import CRDKafka

/// Where reading starts: an offset counted from 0, or a place Kafka knows.
public struct KafkaOffset: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(integerLiteral value: Int64) { self.rawValue = value }

    /// The next message to read; a committed or stored offset is the last applied message's plus one.
    public static func at(_ offset: Int64) -> KafkaOffset { KafkaOffset(rawValue: offset) }

    /// The oldest message the broker still has.
    public static let beginning = KafkaOffset(rawValue: Int64(RD_KAFKA_OFFSET_BEGINNING))
    /// The message produced next.
    public static let end = KafkaOffset(rawValue: Int64(RD_KAFKA_OFFSET_END))
    /// What the group committed; without that, `auto.offset.reset` decides, an error by default.
    public static let committed = KafkaOffset(rawValue: Int64(RD_KAFKA_OFFSET_STORED))

    public var description: String {
        switch self {
        case .beginning: "beginning"
        case .end: "end"
        case .committed: "committed"
        default: String(rawValue)
        }
    }
}
