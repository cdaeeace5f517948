internal import Kafka
public import Outbox
internal import Threads

/// Publishes outbox rows with librdkafka's idempotent producer.
///
/// Nothing is allocated per row: topic handles are kept, headers are written into reused memory, key and value are copied
/// once, by librdkafka.
public final class KafkaPublisher: Publisher {
    private let producer: KafkaProducer
    private let reader: KafkaDeliveryReader
    private var topics: TopicCache
    private var headers: RowHeaders
    private let emptyPayloadIsTombstone: Bool

    init(_ configuration: KafkaPublisherConfiguration, wake: WakeDescriptor) throws(KafkaError) {
        producer = try KafkaProducer(configuration.kafka, wake: wake, sink: configuration.sink)
        reader = producer.deliveryReader()
        topics = TopicCache(producer, configuration.topic)
        headers = RowHeaders(configuration)
        emptyPayloadIsTombstone = configuration.emptyPayloadIsTombstone
    }

    public func publish(_ row: OutboxRow, ticket: UInt64) -> PublishOutcome {
        let topic: KafkaTopic
        do {
            topic = try topics.topic(of: row)
        } catch {
            return .refused(PublishFailure(.topic, error.description))
        }
        let isTombstone = row.payload == nil || emptyPayloadIsTombstone && row.payload?.count == 0
        let outcome = producer.produce(
            to: topic, key: row.aggregateID, value: isTombstone ? nil : row.payload, headers: headers.write(row),
            timestampMilliseconds: max(0, row.createdAt / 1000), correlation: ticket)
        switch outcome {
        case .queued: return .queued
        case .queueFull: return .full
        case .refused(let code): return .refused(PublishFailure(code))
        }
    }

    public func takeReports(_ body: (UInt64, PublishFailure?) -> Void) {
        while reader.poll() > 0 {
            for index in 0..<reader.count {
                let report = reader[index]
                body(report.correlation, report.isDelivered ? nil : PublishFailure(report.code))
            }
        }
    }

    public func abandon() {
        // What cannot be taken back is dropped with the producer.
        try? producer.purge([.queued, .inFlight])
    }
}

extension PublishFailure {
    init(_ code: KafkaErrorCode) {
        let kind: Kind =
            switch code.disposition {
            case .message: .row
            case .topic: .topic
            case .transient: .transient
            case .fenced, .client: .client
            }
        self.init(kind, "\(code.name): \(code.explanation)")
    }
}
