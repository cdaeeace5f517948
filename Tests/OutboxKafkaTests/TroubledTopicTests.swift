import Kafka
import Outbox
import TestKit
import Testing
import Threads

@testable import OutboxKafka

/// Topics that Kafka refuses, above all to transactions, as the mock cluster is told to.
@Suite(.enabled(if: TestBroker.external == nil, "injects errors"))
struct TroubledTopicTests {
    /// The whole transaction falls, and at once. The next one is made without the topic, so the others flow.
    @Test func aTopicThatMayNotBeWrittenToIsNamedAndItsRowsAreRefusedFromThenOn() async throws {
        try await onThread {
            let (broker, desk) = try Self.open()
            broker.refusePartitions(1, .topicAuthorizationFailed)
            try desk.publish(1...1)
            try desk.settle()
            #expect(desk.failures.count == 1)
            #expect(
                desk.failures.allSatisfy {
                    $0.kind == .transient && $0.explanation.hasPrefix("\(broker.topic): TOPIC_AUTHORIZATION_FAILED")
                })
            desk.publisher.abandon()
            let next = try PublisherDesk(desk.factory)
            #expect(try next.open() == nil)
            #expect(next.offer(1) == .refused(PublishFailure(.topicAuthorizationFailed)))
            try next.publish(PublisherDesk.record(cut: 1, through: 5))
            try next.settle()
            try next.commit()
            #expect(next.failures.isEmpty)
        }
    }

    /// No row is the reason: the relay reports the failure, and tries again.
    @Test func aCheckpointTopicThatMayNotBeWrittenToIsNoFaultOfARow() async throws {
        try await onThread {
            let (broker, desk) = try Self.open()
            broker.refusePartitions(1, .topicAuthorizationFailed)
            try desk.publish(PublisherDesk.record(cut: 1, through: 5))
            try desk.settle()
            #expect(desk.failures.map(\.kind) == [.client])
            #expect(
                desk.failures.first?.explanation.hasPrefix(
                    "\(broker.publisher.checkpointTopic): TOPIC_AUTHORIZATION_FAILED") == true)
            desk.publisher.abandon()
            let next = try PublisherDesk(desk.factory)
            _ = try next.open()
            try next.publish(1...5)
            try next.settle()
            #expect(next.failures.isEmpty)
        }
    }

    /// librdkafka would try to add the deleted topic until the messages time out, after a minute, and then blame no
    /// topic.
    @Test func aTopicThatIsDeletedIsNoticedBeforeItsRowsTimeOut() async throws {
        try await onThread {
            let (broker, desk) = try Self.open(["topic.metadata.refresh.interval.ms": "200"])
            try desk.publish(1...1)
            try desk.publish(PublisherDesk.record(cut: 1, through: 1))
            try desk.settle()
            try desk.commit()
            broker.refusePartitions(10_000, .unknownTopicOrPartition)
            broker.setTopicError(broker.topic, .unknownTopicOrPartition)
            try desk.publish(2...5)
            try desk.settle()
            #expect(desk.failures.map(\.kind) == [.topic, .topic, .topic, .topic])
            let next = try PublisherDesk(desk.factory)
            _ = try next.open()
            #expect(next.offer(2) == .refused(PublishFailure(.unknownTopicOrPartition)))
        }
    }

    /// The broker does not know the topic of a message that it is sent, and neither do the others. librdkafka says so,
    /// or never speaks of the message again: the publisher tells in any case.
    @Test func aTopicThatIsDeletedUnderAMessageStopsNoOtherRow() async throws {
        try await onThread {
            let broker = try TestBroker()
            try broker.createTopic(broker.topic, partitions: 1)
            var configuration = broker.publisher
            configuration.kafka["topic.metadata.refresh.interval.ms"] = "200"
            let factory = KafkaPublisherFactory(configuration)
            let wake = try WakeDescriptor()
            let publisher = try factory.makePublisher(wake: wake)
            let offer = { (deliveryID: UInt64) in
                PublisherDesk.withRow(Int64(deliveryID)) { publisher.publish($0, deliveryID: deliveryID) }
            }
            #expect(offer(1) == .queued)
            var reports: [(deliveryID: UInt64, failure: PublishFailure?)] = []
            let report = {
                let deadline = ContinuousClock.now + .seconds(60)
                while reports.isEmpty, .now < deadline {
                    wake.wait(until: .now + .seconds(1))
                    publisher.takeReports { reports.append(($0, $1)) }
                }
                defer { reports = [] }
                return reports
            }
            #expect(report().map(\.failure) == [nil])
            broker.refuseMessages(10_000, .unknownTopicOrPartition)
            broker.setTopicError(broker.topic, .unknownTopicOrPartition)
            #expect(offer(2) == .queued)
            let lost = report()
            #expect(lost.map(\.deliveryID) == [2])
            #expect(lost.first?.failure?.explanation.contains("UNKNOWN_") == true)
            publisher.abandon()
            let next = try factory.makePublisher(wake: wake)
            let outcome = PublisherDesk.withRow(2) { next.publish($0, deliveryID: 2) }
            #expect(outcome == .refused(PublishFailure(.unknownTopicOrPartition)))
        }
    }

    private static func open(_ settings: [String: String] = [:]) throws -> (TestBroker, PublisherDesk) {
        let broker = try TestBroker()
        try broker.createTopic(broker.topic, partitions: 2)
        let desk = try PublisherDesk(broker, settings: settings)
        _ = try desk.open()
        return (broker, desk)
    }
}
