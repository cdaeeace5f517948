import Kafka
import Outbox
import Threads

/// Publishes outbox rows with librdkafka's idempotent producer.
///
/// Nothing is allocated per row: topic handles are kept, headers are written into reused memory, key and value are
/// copied once, by librdkafka.
final class KafkaPublisher: Publisher {
    let producer: KafkaProducer
    let reader: KafkaDeliveryReader
    /// Sends the first row to each partition alone, so that no later row can be stored before it or instead of it.
    private let gate: KafkaFirstMessageGate
    private var window: SendWindow
    private var topics: TopicCache
    private let refused: RefusedTopics
    private let offsets: PublishedOffsets
    private let lossSink: (@Sendable (RecordLoss) -> Void)?
    /// The topics that rows were queued for.
    private var offsetsByTopic: [KafkaTopicID: TopicOffsets] = [:]
    private var lastTopic: KafkaTopicID?
    private var headers: RowHeaders
    private let emptyPayloadIsTombstone: Bool
    /// nil where records carry the time of publishing.
    private var stamps: RowStamps?
    /// Failures of rows that were in flight when the producer stopped at the first message that Kafka refused. They say
    /// nothing about the cause, and one of the other reports does: these are handed over when no other is left.
    private var fallen: [(deliveryID: UInt64, failure: PublishFailure)] = []
    /// The delivery id of the last message that was queued: no message without a report is newer.
    var lastDeliveryID: UInt64 = 0
    /// When the last report came, or messages began to wait for one.
    private var quietSince = ContinuousClock.now
    /// When to look again whether certificates were renewed, while messages wait.
    private var nextLook = ContinuousClock.now

    /// How often that is.
    private static let look = Duration.seconds(1)

    init(
        _ configuration: KafkaPublisherConfiguration, refused: RefusedTopics = RefusedTopics(),
        bounds: StampBounds = StampBounds(), offsets: PublishedOffsets = PublishedOffsets(), wake: WakeDescriptor
    ) throws(KafkaError) {
        self.refused = refused
        self.offsets = offsets
        lossSink = configuration.lossSink
        stamps = configuration.recordTimestamp == .created ? RowStamps(bounds) : nil
        producer = try KafkaProducer(configuration.kafka, wake: wake, sink: configuration.sink)
        reader = producer.deliveryReader()
        gate = producer.firstMessageGate()
        window = SendWindow(configuration.kafka)
        topics = TopicCache(producer, configuration.topic)
        headers = RowHeaders(configuration)
        emptyPayloadIsTombstone = configuration.emptyPayloadIsTombstone
    }

    /// Produces the row, with headers and topic. A row whose topic Kafka is known not to have is refused at once. With
    /// ``RecordTimestamp/created`` Kafka is asked for a topic's settings now and then, at most for seconds.
    func publish(_ row: OutboxRow, deliveryID: UInt64) -> PublishOutcome {
        if producer.outstanding >= window.messages {
            window.full(at: .now)
            return .full
        }
        let topic: KafkaTopic
        do {
            topic = try topics.topic(of: row)
        } catch {
            // No broker is asked: the row has no topic, and will never have one.
            return .refused(PublishFailure(.row, error.description))
        }
        if !refused.isEmpty, let refusal = refused.refusal(of: topic.name, asking: ask) { return .refused(refusal) }
        let isTombstone = row.payload == nil || emptyPayloadIsTombstone && row.payload?.count == 0
        let outcome = gate.produce(
            to: topic, key: row.aggregateID, value: isTombstone ? nil : row.payload, headers: headers.write(row),
            timestampMilliseconds: stamps?.stamp(created: row.createdAt, topic: topic, asking: settings) ?? 0,
            correlation: deliveryID)
        switch outcome {
        case .queued:
            lastDeliveryID = deliveryID
            if lastTopic != topic.id { follow(topic) }
            window.queued(bytes: (row.payload?.count ?? 0) + 2 * row.aggregateID.count + row.headers.count)
            if window.wantsProbe { window.measure(deliveryID, at: .now) }
            return .queued
        // A report is outstanding in both cases.
        case .queueFull, .held: return .full
        case .refused(.fatal) where producer.outstanding > 0:
            // The reports of the messages that it still holds are on their way, and say what happened.
            return .full
        case .refused(let code): return .refused(PublishFailure(code))
        }
    }

    private func follow(_ topic: KafkaTopic) {
        lastTopic = topic.id
        if offsetsByTopic[topic.id] == nil { offsetsByTopic[topic.id] = offsets.topic(topic.name) }
    }

    private func settings(_ topic: String) throws(KafkaError) -> TopicSettings {
        TopicSettings(try producer.topicConfiguration(topic, within: StampBounds.patience))
    }

    /// Hands over the delivery reports that librdkafka has. While rows are in flight without a report, the brokers are
    /// asked which topics exist, for at most `RefusedTopics.patience`.
    func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        var isTopicRefused = false
        var isQuiet = producer.outstanding > 0
        while reader.poll() > 0 {
            isQuiet = false
            for index in 0..<reader.count {
                let report = reader[index]
                gate.note(report)
                if report.code.disposition == .topic { isTopicRefused = true }
                guard report.isDelivered else {
                    tell(report, body)
                    continue
                }
                body(report.correlation, nil)
                if report.correlation == window.probe { window.arrived(at: .now) }
                if let loss = offsetsByTopic[report.topic]?.note(report.partition, report.offset) { lossSink?(loss) }
            }
        }
        if !fallen.isEmpty, producer.outstanding == 0 {
            for (deliveryID, failure) in fallen { body(deliveryID, failure) }
            fallen = []
        }
        if isTopicRefused { refused.learn(producer.knownTopics, asking: ask) }
        if !isQuiet {
            quietSince = .now
        } else if isOutdated() {
            body(lastDeliveryID, .outdated)
        } else if .now - quietSince > RefusedTopics.notice {
            tellLostTopic(body)
        }
    }

    /// librdkafka never reports messages that it holds when their topic goes away. The rows behind them must not wait
    /// for ever: the rows in flight are sent again, without that topic.
    private func tellLostTopic(_ body: (UInt64, PublishFailure?) -> Void) {
        quietSince = .now
        // Without an answer from a broker no row can be published, so there is no topic to report.
        guard let metadata = try? producer.metadata(topic: nil, within: RefusedTopics.patience) else { return }
        let suspects = producer.knownTopics.filter {
            refused.known($0) == nil && metadata.topic($0).map { $0.error != nil } ?? true
        }
        refused.learn(suspects, asking: ask)
        for topic in suspects {
            guard let failure = refused.known(topic) else { continue }
            return body(lastDeliveryID, PublishFailure(.transient, "\(topic): \(failure.explanation)"))
        }
    }

    /// Only while messages wait: a producer whose connections work is kept.
    private func isOutdated() -> Bool {
        guard .now >= nextLook else { return false }
        nextLook = .now + Self.look
        return .now - quietSince > Self.look && producer.isOutdated
    }

    private func tell(_ report: KafkaDelivery, _ body: (UInt64, PublishFailure?) -> Void) {
        if report.isUnproven {
            body(report.correlation, .unproven)
        } else if report.code == .fatal || report.code.isPurged {
            fallen.append((report.correlation, PublishFailure(report.code)))
        } else {
            body(report.correlation, PublishFailure(report.code))
        }
    }

    /// Why the topic cannot be written to; nil if it can. Metadata does not tell a topic that may be described but not
    /// written to: the broker refuses each of its rows at once instead.
    private func ask(_ topic: String) throws -> PublishFailure? {
        let metadata = try producer.metadata(topic: topic, within: RefusedTopics.patience)
        guard let error = metadata.topic(topic)?.error, error.code.disposition == .topic else { return nil }
        return PublishFailure(error.code)
    }

    /// Purges the queue; messages that are being sent may still arrive.
    func abandon() {
        // Messages that cannot be purged are dropped with the producer.
        try? producer.purge([.queued, .inFlight])
    }
}

extension PublishFailure {
    /// Another producer takes the certificates that are there now.
    static let outdated = PublishFailure(
        .transient, "Kafka does not answer, and the files of certificates have changed: connecting with the new ones")

    /// The row is sent again: a row that is stored twice is better than none, and a transaction is undone.
    static let unproven = PublishFailure(
        .transient,
        "NO_OFFSET: Kafka refused or did not answer the row and acknowledged a later one of its partition; the row may "
            + "be missing")

    init(_ code: KafkaErrorCode) {
        let kind: Kind =
            switch code.disposition {
            case .message: .row
            case .topic: .topic
            case .transient: .transient
            case .fenced: .fenced
            case .client: .client
            }
        self.init(kind, "\(code.name): \(code.explanation)")
    }
}
