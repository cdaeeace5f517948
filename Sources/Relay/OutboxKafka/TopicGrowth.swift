/// Partitions that were added to a topic while the relay wrote to it: a key can have another partition from then on.
public struct TopicGrowth: Equatable, Sendable, CustomStringConvertible {
    /// The topic.
    public let topic: String
    /// How many partitions it had when it was last looked at.
    public let from: Int
    /// How many it has now.
    public let to: Int

    /// One line, safe to log.
    public var description: String {
        "topic \(topic) has \(to) partitions, and had \(from): later rows of a key can be in another partition, and "
            + "consumers can read them before the earlier ones"
    }
}
