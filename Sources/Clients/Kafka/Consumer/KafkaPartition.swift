/// One partition of one topic.
public struct KafkaPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let topic: String
    public let index: Int32

    public init(topic: String, index: Int32) {
        self.topic = topic
        self.index = index
    }

    public static func < (left: KafkaPartition, right: KafkaPartition) -> Bool {
        (left.topic, left.index) < (right.topic, right.index)
    }

    public var description: String { "\(topic)[\(index)]" }
}
