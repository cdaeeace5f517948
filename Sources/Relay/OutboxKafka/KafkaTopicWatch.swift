public import Kafka

/// Asks Kafka now and then whether the records that it acknowledged are still there, and tells
/// ``KafkaPublisherConfiguration/lossSink`` what is not. Publishing does not wait for it.
///
/// The offset of a later row shows a partition that began anew as well. The watch also finds it where no row follows,
/// and finds records that are deleted soon after they were published.
public final class KafkaTopicWatch {
    /// How often to call ``check()``.
    public static let interval = Duration.seconds(60)
    /// How long one call asks Kafka; the partitions that are left have their turn in the next call.
    static let patience = Duration.seconds(2)

    private let asking: AskingClient
    private let offsets: PublishedOffsets
    private let lossSink: (@Sendable (RecordLoss) -> Void)?
    private let growthSink: (@Sendable (TopicGrowth) -> Void)?
    /// The place in the list of all partitions where the next call goes on.
    private var turn = 0
    /// How many partitions the topics had at the last look.
    private var partitions: [String: Int] = [:]

    /// - Parameter configuration: who is told of lost records and of topics that grew.
    init(_ asking: AskingClient, _ offsets: PublishedOffsets, _ configuration: KafkaPublisherConfiguration) {
        self.asking = asking
        self.offsets = offsets
        lossSink = configuration.lossSink
        growthSink = configuration.growthSink
    }

    /// Compares the partitions that were written to with what Kafka says of them. Blocks, for seconds at most. A Kafka
    /// that does not answer shows nothing. Use it on one thread at a time.
    ///
    /// - Throws: `KafkaError` if librdkafka refuses the settings.
    public func check() throws(KafkaError) {
        let places = offsets.all.flatMap { topic in topic.followed.map { (topic: topic, partition: $0) } }
        guard !places.isEmpty else { return }
        let producer = try asking.borrowed()
        defer { asking.tidy() }
        let deadline = ContinuousClock.now + Self.patience
        lookForGrowth(producer, until: deadline)
        for _ in places {
            let place = places[turn % places.count]
            guard .now < deadline, let expected = place.topic.next(place.partition) else { return }
            let partition = KafkaPartition(topic: place.topic.name, index: place.partition)
            turn += 1
            do {
                let found = try producer.watermarks(partition, within: deadline - .now)
                let loss = place.topic.compare(
                    place.partition, expected: expected, low: found.low, high: found.high)
                if let loss { lossSink?(loss) }
            } catch  where error.isRetriable || error.code.disposition == .transient {
                return
            } catch {
                // The topic is gone, or not to be read: its rows show that.
            }
        }
    }

    /// Asks for all topics: a topic that is asked for by its name can be created by that.
    private func lookForGrowth(_ producer: KafkaProducer, until deadline: ContinuousClock.Instant) {
        guard let found = try? producer.metadata(topic: nil, within: deadline - .now) else { return }
        for name in offsets.all.map(\.name) {
            guard let count = found.topic(name)?.partitions.count, count > 0 else { continue }
            if let known = partitions[name], count > known {
                growthSink?(TopicGrowth(topic: name, from: known, to: count))
            }
            partitions[name] = count
        }
    }
}
