import TestKit
import Testing

@testable import Kafka

/// Polls a consumer until `body` says it has seen enough; fails the test after a minute.
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
