import Kafka
import Outbox
import Postgres
import TestKit
import Testing
import Threads
import Values

@testable import OutboxKafka

/// The publisher against Kafka's protocol.
struct KafkaPublisherTests {
    @Test func rowsAreAcknowledgedEachOnce() async throws {
        let reports = try await onThread {
            let kafka = try TestKafka()
            _ = try kafka.topic("order", partitions: 4)
            let wake = try WakeDescriptor()
            let publisher = try Self.factory(kafka).makePublisher(wake: wake)
            var reports: [(UInt64, PublishFailure?)] = []
            for deliveryID in 0..<500 as Range<UInt64> {
                // Beside the first row to a partition there is no room for another one.
                while Self.publish(
                    publisher, key: "k\(deliveryID % 7)", type: "order", payload: [1, 2], deliveryID: deliveryID)
                    == .full
                { publisher.takeReports { reports.append(($0, $1)) } }
            }
            return reports + Self.reports(of: publisher, wake, count: 500 - reports.count)
        }
        #expect(reports.map(\.0).sorted() == Array(0..<500))
        #expect(reports.allSatisfy { $0.1 == nil })
    }

    @Test func aRowThatIsTooLargeIsRefusedBeforeItIsQueued() async throws {
        let outcome = try await onThread {
            let kafka = try TestKafka()
            let publisher = try Self.factory(kafka).makePublisher(wake: WakeDescriptor())
            return Self.publish(
                publisher, key: "k", type: "order", payload: Array(repeating: 7, count: 1_100_000), deliveryID: 0)
        }
        guard case .refused(let failure) = outcome else { return #expect(Bool(false), "it was \(outcome)") }
        #expect(failure.kind == .row)
        #expect(failure.explanation.hasPrefix("MSG_SIZE_TOO_LARGE"))
    }

    @Test func aTypeThatMakesNoTopicNameIsRefused() async throws {
        let outcome = try await onThread {
            let kafka = try TestKafka()
            let publisher = try Self.factory(kafka).makePublisher(wake: WakeDescriptor())
            return Self.publish(publisher, key: "k", type: "no such/type", payload: [1], deliveryID: 0)
        }
        guard case .refused(let failure) = outcome else { return #expect(Bool(false), "it was \(outcome)") }
        #expect(failure.kind == .row)
    }

    @Test func codesAreSortedByWhoCanHelp() {
        #expect(PublishFailure(.messageTooLarge).kind == .row)
        #expect(PublishFailure(.topicAuthorizationFailed).kind == .topic)
        #expect(PublishFailure(.timedOut).kind == .transient)
        #expect(PublishFailure(.fatal).kind == .client)
    }

    private static func factory(_ kafka: TestKafka) throws -> KafkaPublisherFactory {
        var configuration = KafkaPublisherConfiguration(kafka: kafka.configuration)
        configuration.topic = try #require(TopicTemplate(kafka.name("{aggregate_type}")))
        return KafkaPublisherFactory(configuration)
    }

    private static func publish(
        _ publisher: any Publisher, key: String, type: String, payload: [UInt8], deliveryID: UInt64
    ) -> PublishOutcome {
        Array(type.utf8).withUnsafeBytes { type in
            Array(key.utf8).withUnsafeBytes { key in
                payload.withUnsafeBytes { payload in
                    let row = OutboxRow(
                        outboxID: Int64(deliveryID), eventID: .v7(), aggregateType: type, aggregateID: key,
                        sequenceNumber: 1,
                        eventType: type, payload: payload, headers: UnsafeRawBufferPointer(start: nil, count: 0),
                        createdAt: 0,
                        epoch: 1)
                    return publisher.publish(row, deliveryID: deliveryID)
                }
            }
        }
    }

    private static func reports(
        of publisher: any Publisher, _ wake: WakeDescriptor, count: Int
    ) -> [(UInt64, PublishFailure?)] {
        var found: [(UInt64, PublishFailure?)] = []
        let deadline = ContinuousClock.now + .seconds(30)
        while found.count < count, ContinuousClock.now < deadline {
            publisher.takeReports { found.append(($0, $1)) }
        }
        return found
    }
}
