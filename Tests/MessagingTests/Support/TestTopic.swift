import Kafka
import Logging
import Projection
import TestKit
import Threads

@testable import Messaging

/// A mock cluster with one topic.
final class TestTopic: Sendable {
    let cluster: KafkaMockCluster
    let topic = "outbox.event.order"
    let wake: WakeDescriptor
    private let producer: KafkaProducer

    /// - Parameter partitions: nil does not create the topic.
    init(partitions: Int?) throws {
        cluster = try KafkaMockCluster()
        wake = try WakeDescriptor()
        if let partitions { try cluster.createTopic(topic, partitions: partitions) }
        producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: cluster.bootstrapServers))
    }

    /// Settings that suit the mock cluster.
    var configuration: KafkaConfiguration {
        KafkaConfiguration([
            "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10", "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "200", "topic.metadata.refresh.interval.ms": "500", "reconnect.backoff.max.ms": "200",
        ])
    }

    func source() throws -> KafkaProjectionSource {
        try KafkaProjectionSource(
            configuration, topic: topic, groupID: "projection", maximumBatchMessages: 100, wake: wake, logger: silence)
    }

    func produce(partition: Int32, key: String?, headers: [(String, String)], value: [UInt8]?) async throws {
        let (producer, topic) = (producer, topic)
        try await onThread {
            let writer = KafkaHeaderWriter()
            for (name, text) in headers { writer.add(name: name, text) }
            _ = producer.produce(
                to: try producer.topic(topic), partition: partition, key: key.map { Array($0.utf8) }, value: value, headers: writer)
            _ = producer.flush(producer.deliveryReader(), within: .seconds(20)) { _ in }
        }
    }
}

let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension Projection.MessageSource {
    /// Events until one says what is wanted; nil if none does for a long time.
    func wait<T>(_ wanted: (Projection.SourceEvent) throws -> T?) throws -> T? {
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
