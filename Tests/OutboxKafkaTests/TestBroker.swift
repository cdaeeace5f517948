import Foundation
import Kafka
import TestKit

@testable import OutboxKafka

/// Where Kafka tests go: the brokers that KAFKA_BOOTSTRAP_SERVERS names, or else librdkafka's mock cluster, which takes
/// transactions and neither isolates nor fences, or the strict Kafka, which does.
final class TestBroker: Sendable {
    static let external = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"].flatMap {
        $0.isEmpty ? nil : $0
    }

    let address: String
    private let mock: KafkaMockCluster?
    private let strict: StrictKafka?
    /// Names are random, so that a shared broker is not disturbed.
    let name = "test-" + UUID().uuidString.lowercased()

    init(isStrict: Bool = false) throws {
        mock = try Self.external == nil && !isStrict ? KafkaMockCluster() : nil
        strict = try Self.external == nil && isStrict ? StrictKafka() : nil
        address = Self.external ?? mock?.bootstrapServers ?? strict?.address ?? ""
    }

    /// The environment's other KAFKA_ variables count as well: a broker may ask for credentials.
    var kafka: KafkaConfiguration {
        var kafka =
            Self.external == nil
            ? KafkaConfiguration()
            : (try? KafkaConfiguration.fromEnvironment(ProcessInfo.processInfo.environment)) ?? KafkaConfiguration()
        kafka["bootstrap.servers"] = address
        return kafka
    }

    var topic: String { name + ".order" }

    /// Topics of their own for this test.
    var publisher: KafkaPublisherConfiguration {
        var publisher = KafkaPublisherConfiguration(kafka: kafka)
        publisher.topic = TopicTemplate(name + ".{aggregate_type}") ?? .default
        publisher.checkpointTopic = name + ".checkpoints"
        return publisher
    }

    /// Creates a topic and waits until the brokers know it.
    func createTopic(_ topic: String, partitions: Int) throws {
        if let mock { return try mock.createTopic(topic, partitions: partitions) }
        let producer = try KafkaProducer(kafka)
        try producer.createTopic(topic, partitions: partitions, within: .seconds(30))
        // Creation may be finished after the answer.
        let deadline = ContinuousClock.now + .seconds(30)
        while try producer.metadata(topic: topic, within: .seconds(10)).topic(topic)?.partitions.count != partitions {
            guard ContinuousClock.now < deadline else { throw TestFailure("\(topic) was not created in time") }
            producer.deliveryReader().wait(upTo: .milliseconds(100))
        }
        // A leader that metadata names may not know it yet.
        for place in (0..<partitions).map({ KafkaPartition(topic: topic, index: Int32($0)) }) {
            while (try? producer.watermarks(place, within: .seconds(10))) == nil {
                guard ContinuousClock.now < deadline else { throw TestFailure("\(place) has no leader") }
                producer.deliveryReader().wait(upTo: .milliseconds(100))
            }
        }
    }

    /// Sends a line to the strict Kafka, such as `delay produce 50`; nothing happens elsewhere.
    func control(_ line: String) throws { try strict?.control(line) }

    /// The next requests that add partitions to a transaction are refused.
    func refusePartitions(_ count: Int, _ code: KafkaErrorCode) {
        mock?.pushErrors(apiKey: 24, Array(repeating: code, count: count))
    }

    /// The next produce requests are refused. Sound with one in flight.
    func refuseMessages(_ count: Int, _ code: KafkaErrorCode) {
        mock?.pushErrors(apiKey: 0, Array(repeating: code, count: count))
    }

    /// What metadata says of a topic from now on.
    func setTopicError(_ topic: String, _ code: KafkaErrorCode) { mock?.setTopicError(topic, code) }

    /// What a reader of committed messages finds, each partition in order.
    func records(_ topic: String, isolation: String = "read_committed") throws -> [KafkaRecord] {
        var reading = kafka
        reading["isolation.level"] = isolation
        reading["fetch.wait.max.ms"] = "10"
        return try KafkaTopicReader(reading, topic: topic).records(within: .seconds(60))
    }
}
