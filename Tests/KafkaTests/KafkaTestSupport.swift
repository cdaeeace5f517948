import CRDKafka
import Synchronization
import TestKit
import Testing

@testable import Kafka

/// Polls a consumer until `body` returns true; fails the test after a minute.
func poll(_ consumer: KafkaConsumer, until body: (KafkaConsumerEvent) throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        guard let event = consumer.poll() else {
            consumer.wait(upTo: .seconds(1))
            continue
        }
        if try body(event) { return }
    }
    Issue.record("the consumer did not see what was expected within a minute")
}

/// Produces `values` to one partition and waits until all are acknowledged.
func produce(_ values: [[UInt8]], to topic: String, partition: Int32, at kafka: TestKafka) throws {
    let producer = try KafkaProducer(kafka.configuration)
    let reader = producer.deliveryReader()
    let topic = try producer.topic(topic)
    for value in values {
        #expect(producer.produce(to: topic, partition: partition, key: [1], value: value) == .queued)
    }
    #expect(producer.flush(reader, within: .seconds(30)) { _ in })
}

/// Remembers the kinds of events that a sink was given.
final class Seen: Sendable {
    private let kinds = Mutex<Set<String>>([])

    var isComplete: Bool { kinds.withLock { $0 == ["log", "error", "statistics"] } }

    func add(_ event: KafkaClientEvent) {
        let kind =
            switch event {
            case .log: "log"
            case .error: "error"
            case .statistics: "statistics"
            case .throttled(let broker, let delay): "throttled by \(broker) for \(delay)"
            }
        kinds.withLock { _ = $0.insert(kind) }
    }
}

/// Reads one property back from a librdkafka conf object and frees the object.
func confValue(_ conf: OpaquePointer, _ property: String) -> String {
    defer { rd_kafka_conf_destroy(conf) }
    var buffer = [CChar](repeating: 0, count: 512)
    var size = buffer.count
    guard rd_kafka_conf_get(conf, property, &buffer, &size) == RD_KAFKA_CONF_OK else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
