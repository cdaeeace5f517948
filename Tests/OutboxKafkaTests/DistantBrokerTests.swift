import Kafka
import Outbox
import TestKit
import Testing
import Threads
import Values

@testable import OutboxKafka

/// A broker whose requests take time, and rows that come faster: the window is full again and again.
struct DistantBrokerTests {
    private static let rows = 20_000

    @Test func everyRowIsAcknowledgedOnceAndTheWindowIsABound() async throws {
        try await onThread {
            let strict = try StrictKafka(latencyMilliseconds: 5)
            defer { strict.close() }
            let kafka = TestKafka(strict)
            _ = try kafka.topic("order", partitions: 8)
            var configuration = KafkaPublisherConfiguration(kafka: kafka.configuration)
            configuration.topic = try #require(TopicTemplate(kafka.name("{aggregate_type}")))
            let wake = try WakeDescriptor()
            let publisher = try #require(
                try KafkaPublisherFactory(configuration).makePublisher(wake: wake) as? KafkaPublisher)
            var (reported, failures, most) = (Set<UInt64>(), 0, 0)
            func take() {
                publisher.takeReports { deliveryID, failure in
                    failures += failure == nil && reported.insert(deliveryID).inserted ? 0 : 1
                }
            }
            for number in 0..<Int64(Self.rows) {
                while Self.offer(number, publisher) == .full {
                    wake.wait(until: .now + .seconds(60))
                    take()
                }
                most = max(most, publisher.producer.outstanding)
            }
            while reported.count < Self.rows, failures == 0 {
                wake.wait(until: .now + .seconds(60))
                take()
            }
            #expect(failures == 0)
            #expect(reported.count == Self.rows)
            #expect(most <= SendWindow.mostMessages)
        }
    }

    private static func offer(_ number: Int64, _ publisher: KafkaPublisher) -> PublishOutcome {
        Array("order".utf8).withUnsafeBytes { type in
            Array("key \(number % 100)".utf8).withUnsafeBytes { key in
                publisher.publish(
                    OutboxRow(
                        outboxID: number, eventID: .v7(), aggregateType: type, aggregateID: key,
                        sequenceNumber: number / 100, eventType: type, payload: key,
                        headers: UnsafeRawBufferPointer(start: nil, count: 0), createdAt: 0, epoch: 1),
                    deliveryID: UInt64(number))
            }
        }
    }
}
