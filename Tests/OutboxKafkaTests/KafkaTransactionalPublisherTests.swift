import Kafka
import Outbox
import TestKit
import Testing

@testable import OutboxKafka

/// Rows and record in one Kafka transaction. The mock cluster takes transactions without isolating or fencing; for what
/// needs that there is a strict one.
struct KafkaTransactionalPublisherTests {
    @Test func rowsArriveWithTheirRecordAndTheNextPublisherReadsItBack() async throws {
        try await onThread {
            let broker = try TestBroker()
            try broker.createTopic(broker.topic, partitions: 2)
            let desk = try PublisherDesk(broker)
            #expect(try desk.open() == nil)
            for cut in 1...3 as ClosedRange<Int64> {
                try desk.publish(cut * 10...cut * 10 + 4)
                try desk.publish(PublisherDesk.record(cut: cut, through: cut * 10 + 4))
                try desk.settle()
                try desk.commit()
            }
            #expect(desk.failures.isEmpty)
            #expect(try broker.rows() == [10, 11, 12, 13, 14, 20, 21, 22, 23, 24, 30, 31, 32, 33, 34])
            let next = try PublisherDesk(broker)
            #expect(try next.open() == PublisherDesk.record(cut: 3, through: 34))
            // Another outbox in the same topic has a record of its own.
            let other = try PublisherDesk(broker, id: broker.name + "-other")
            #expect(try other.open() == nil)
        }
    }

    @Test func aRecordThatCannotBeReadIsNotTakenForNone() async throws {
        try await onThread {
            let broker = try TestBroker()
            let desk = try PublisherDesk(broker)
            #expect(try desk.open() == nil)
            let producer = try KafkaProducer(broker.kafka)
            _ = producer.produce(
                to: try producer.topic(broker.publisher.checkpointTopic), partition: 0, key: Array(broker.name.utf8),
                value: [1])
            #expect(producer.flush(producer.deliveryReader(), within: .seconds(30)) { _ in })
            let failure = #expect(throws: PublishFailure.self) { try PublisherDesk(broker).open() }
            #expect(failure?.kind == .client)
        }
    }
}

/// What a Kafka does that isolates and fences transactions.
struct KafkaTransactionTests {
    @Test func whatIsNotCommittedIsNotSeenAndIsUndoneByTheNext() async throws {
        try await onThread {
            let broker = try TestBroker(isStrict: true)
            try broker.createTopic(broker.topic, partitions: 2)
            var dying: PublisherDesk? = try PublisherDesk(broker)
            _ = try dying?.open()
            try dying?.publish(1...5)
            try dying?.publish(PublisherDesk.record(cut: 1, through: 5))
            try dying?.settle()
            // Acknowledged, in the log, and not to be seen.
            #expect(try broker.rows(isolation: "read_uncommitted") == [1, 2, 3, 4, 5])
            dying = nil
            let next = try PublisherDesk(broker)
            #expect(try next.open() == nil)
            try next.publish(1...6)
            try next.publish(PublisherDesk.record(cut: 1, through: 6))
            try next.settle()
            try next.commit()
            #expect(try broker.rows() == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test func aZombieIsFencedByItsTransactionalID() async throws {
        try await onThread {
            let broker = try TestBroker(isStrict: true)
            try broker.createTopic(broker.topic, partitions: 2)
            let zombie = try PublisherDesk(broker)
            _ = try zombie.open()
            try zombie.publish(1...5)
            try zombie.publish(PublisherDesk.record(cut: 1, through: 5))
            try zombie.settle()
            let leader = try PublisherDesk(broker)
            #expect(try leader.open() == nil)
            let failure = #expect(throws: PublishFailure.self) { try zombie.commit() }
            #expect(failure?.kind == .fenced)
            zombie.publisher.abandon()
            try leader.publish(1...5)
            try leader.publish(PublisherDesk.record(cut: 1, through: 5))
            try leader.settle()
            try leader.commit()
            #expect(try broker.rows() == [1, 2, 3, 4, 5])
        }
    }

    /// Reading committed messages stops before another outbox's open transaction; our record may stand behind it.
    @Test func theRecordIsFoundBehindAnotherOutboxsOpenTransaction() async throws {
        try await onThread {
            let broker = try TestBroker(isStrict: true)
            try broker.createTopic(broker.topic, partitions: 2)
            let other = try PublisherDesk(broker, id: broker.name + "-other")
            _ = try other.open()
            let desk = try PublisherDesk(broker)
            _ = try desk.open()
            try other.publish(PublisherDesk.record(cut: 9, through: 9))
            try other.settle()
            try desk.publish(PublisherDesk.record(cut: 1, through: 5))
            try desk.settle()
            try desk.commit()
            let next = try PublisherDesk(broker)
            try next.publisher.open(within: .seconds(30))
            let waiting = #expect(throws: PublishFailure.self) { try next.publisher.lastRecord(within: .seconds(2)) }
            #expect(waiting?.kind == .transient)
            try other.commit()
            #expect(try next.open() == PublisherDesk.record(cut: 1, through: 5))
        }
    }

    /// A relay that was stopped inside its transaction, and has no heir, keeps the transaction open for its whole
    /// timeout.
    @Test func anotherOutboxsOpenTransactionAfterTheRecordIsNotWaitedFor() async throws {
        try await onThread {
            let broker = try TestBroker(isStrict: true)
            try broker.createTopic(broker.topic, partitions: 2)
            let desk = try PublisherDesk(broker)
            _ = try desk.open()
            try desk.publish(PublisherDesk.record(cut: 1, through: 5))
            try desk.settle()
            try desk.commit()
            let other = try PublisherDesk(broker, id: broker.name + "-other")
            _ = try other.open()
            try other.publish(PublisherDesk.record(cut: 9, through: 9))
            try other.settle()
            let next = try PublisherDesk(broker)
            try next.publisher.open(within: .seconds(30))
            let found = try next.publisher.lastRecord(within: .seconds(10))
            #expect(found == PublisherDesk.record(cut: 1, through: 5))
            // An outbox that has no record.
            let third = try PublisherDesk(broker, id: broker.name + "-third")
            try third.publisher.open(within: .seconds(30))
            #expect(try third.publisher.lastRecord(within: .seconds(10)) == nil)
        }
    }

    /// Only a reader of committed messages knows that the record was undone, so the other transaction is waited for.
    @Test func anUndoneRecordBehindAnotherOutboxsOpenTransactionIsNotTaken() async throws {
        try await onThread {
            let broker = try TestBroker(isStrict: true)
            try broker.createTopic(broker.topic, partitions: 2)
            var dying: PublisherDesk? = try PublisherDesk(broker)
            _ = try dying?.open()
            try dying?.publish(PublisherDesk.record(cut: 1, through: 5))
            try dying?.settle()
            try dying?.commit()
            let other = try PublisherDesk(broker, id: broker.name + "-other")
            _ = try other.open()
            try other.publish(PublisherDesk.record(cut: 9, through: 9))
            try other.settle()
            try dying?.publish(PublisherDesk.record(cut: 2, through: 8))
            try dying?.settle()
            dying = nil
            let next = try PublisherDesk(broker)
            try next.publisher.open(within: .seconds(30))
            let waiting = #expect(throws: PublishFailure.self) { try next.publisher.lastRecord(within: .seconds(2)) }
            #expect(waiting?.kind == .transient)
            try other.commit()
            #expect(try next.open() == PublisherDesk.record(cut: 1, through: 5))
        }
    }

    /// Of three brokers one names the leader of the new topic, and the leader has not heard of it.
    @Test(.enabled(if: TestBroker.external == nil, "refuses calls"))
    func aBrokerThatDoesNotKnowTheNewTopicYetIsAskedAgain() async throws {
        try await onThread {
            let broker = try TestBroker(isStrict: true)
            for code in ["UNKNOWN_TOPIC_OR_PARTITION", "NOT_LEADER_OR_FOLLOWER"] {
                try broker.control("errors list-offsets 4 \(code)")
                let desk = try PublisherDesk(broker)
                #expect(try desk.open() == nil)
                let keeper = try desk.factory.makeRecordKeeper(for: PublisherDesk.outbox)
                try broker.control("errors list-offsets 1 \(code)")
                let failure = #expect(throws: PublishFailure.self) { try keeper?.lastRecord(within: .seconds(10)) }
                #expect(failure?.kind == .transient, "\(code): \(failure?.explanation ?? "")")
            }
        }
    }

    /// The record is read without a group, so the relay needs no right on one. A Kafka that checks rights says no to
    /// librdkafka's look for the coordinator.
    @Test(.enabled(if: TestBroker.external == nil, "refuses calls"))
    func readingTheRecordNeedsNoRightOnAGroup() async throws {
        try await onThread {
            let broker = try TestBroker(isStrict: true)
            let desk = try PublisherDesk(broker)
            _ = try desk.open()
            try desk.publish(PublisherDesk.record(cut: 1, through: 5))
            try desk.settle()
            try desk.commit()
            let next = try PublisherDesk(broker)
            try next.publisher.open(within: .seconds(30))
            try broker.control("errors find-coordinator 1000000 GROUP_AUTHORIZATION_FAILED")
            #expect(try next.publisher.lastRecord(within: .seconds(30)) == PublisherDesk.record(cut: 1, through: 5))
        }
    }

    @Test func theCheckpointTopicIsCompacted() async throws {
        try await onThread {
            let broker = try TestBroker(isStrict: true)
            _ = try PublisherDesk(broker).open()
            let producer = try KafkaProducer(broker.kafka)
            let settings = try producer.topicConfiguration(broker.publisher.checkpointTopic, within: .seconds(30))
            #expect(settings["cleanup.policy"] == "compact")
        }
    }
}
