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
    /// The place in the list of all partitions where the next call goes on.
    private var turn = 0

    init(_ asking: AskingClient, _ offsets: PublishedOffsets, lossSink: (@Sendable (RecordLoss) -> Void)?) {
        self.asking = asking
        self.offsets = offsets
        self.lossSink = lossSink
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
}
