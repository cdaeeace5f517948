/// Where one event is in Kafka.
public struct KafkaPlace: Codable, Sendable, Equatable {
    /// The topic's name.
    public var topic: String
    /// From 0.
    public var partition: Int32
    /// In the partition.
    public var offset: Int64
    /// The time that the record carries: that of publishing, unless the relay is told otherwise.
    public var timestamp: Moment?
    /// The relay's epoch and cut that published it.
    public var epoch: Int64?
    /// The relay's cut that published it.
    public var cut: Int64?
}

/// The result of a search for one event in a topic.
public struct KafkaFinding: Codable, Sendable {
    /// The first record of the event that was found; nil without one.
    public var place: KafkaPlace?
    /// How many records were read.
    public var recordsRead: Int
    /// Whether all records that could be the event were read. If not, a place that is missing says nothing.
    public var isComplete: Bool
    /// What was searched, in one sentence.
    public var summary: String
}
