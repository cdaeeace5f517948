import Kafka
import TestKit
import Threads

@testable import Consumers

/// One topic, and clients that read and write it.
final class TestTopic: Sendable {
    let topic: String
    let wake: WakeDescriptor
    private let kafka: TestKafka
    private let producer: KafkaProducer

    /// - Parameter partitions: nil does not create the topic.
    init(on given: TestKafka? = nil, partitions: Int?) throws {
        let kafka = try given ?? TestKafka()
        self.kafka = kafka
        topic = try partitions.map { try kafka.topic(partitions: $0) } ?? kafka.name("orders")
        wake = try WakeDescriptor()
        producer = try KafkaProducer(kafka.configuration)
    }

    /// A member of the topic's one group.
    func source() throws -> KafkaMessageSource {
        try KafkaMessageSource(
            kafka.memberConfiguration, topic: topic, groupID: kafka.name("consumers"), maximumBatchMessages: 100,
            wake: wake, logger: silence)
    }

    func produce(partition: Int32, key: String?, headers: [(String, String)], value: [UInt8]?) async throws {
        let (producer, topic) = (producer, topic)
        try await onThread {
            let writer = KafkaHeaderWriter()
            for (name, text) in headers { writer.add(name: name, text) }
            _ = producer.produce(
                to: try producer.topic(topic), partition: partition, key: key.map { Array($0.utf8) }, value: value,
                headers: writer)
            _ = producer.flush(producer.deliveryReader(), within: .seconds(20)) { _ in }
        }
    }
}

extension MessageSource {
    /// Events until one says what is wanted; nil if none does for a long time.
    func wait<T>(_ wanted: (SourceEvent) throws -> T?) throws -> T? {
        let limit = ContinuousClock.now + .seconds(60)
        while .now < limit {
            if let found = try wanted(next(until: limit)) { return found }
        }
        return nil
    }

    func assignment() throws -> [Int32] {
        try wait { if case .assigned(let partitions) = $0 { partitions.sorted() } else { nil } } ?? []
    }

    func messages(_ count: Int) throws -> [ConsumedMessage] {
        var found: [ConsumedMessage] = []
        return try wait { event in
            if case .messages(let messages) = event { found += messages }
            return found.count >= count ? found : nil
        } ?? found
    }
}
