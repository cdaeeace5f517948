import Synchronization

/// The offsets that Kafka acknowledged, by topic: shared by all publishers of a factory, because a publisher does not
/// outlive a failure.
final class PublishedOffsets: Sendable {
    /// The partitions of a topic whose number is not below this are not followed.
    static let followedPartitions = 100_000

    private let topics = Mutex<[String: TopicOffsets]>([:])

    /// The offsets of a topic.
    func topic(_ name: String) -> TopicOffsets {
        topics.withLock { topics in
            if let known = topics[name] { return known }
            let made = TopicOffsets(name)
            topics[name] = made
            return made
        }
    }

    /// All topics that were written to, sorted by name.
    var all: [TopicOffsets] { topics.withLock { $0.values.sorted { $0.name < $1.name } } }
}
