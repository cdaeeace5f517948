import Kafka
import Outbox
import TestKit
import Testing

@testable import OutboxKafka

/// Records that were acknowledged and are gone: the relay goes on, and says so.
struct RecordLossTests {
    /// A broker that loses its log keeps the topic; a recreated topic has another id. The publisher sees the same.
    @Test(.enabled(if: TestBroker.external == nil, "loses logs"), arguments: ["recreate", "wipe"])
    func aPartitionThatBeginsAnewIsToldAtItsNextRow(_ how: String) async throws {
        try await onThread {
            let broker = try Self.broker()
            let desk = try RowDesk(broker)
            for number in 1...20 as ClosedRange<Int64> { try desk.publish(number) }
            try desk.settle()
            try broker.control(how == "wipe" ? "wipe" : "recreate \(broker.topic)")
            for number in 21...30 as ClosedRange<Int64> { try desk.publish(number) }
            try desk.settle()
            #expect(desk.failures.isEmpty)
            #expect(try broker.rows() == Array(21...30))
            #expect(
                desk.losses == [RecordLoss(topic: broker.topic, partition: 0, from: 20, to: 0, cause: .reset)])
        }
    }

    @Test(.enabled(if: TestBroker.external == nil, "loses logs"))
    func aPartitionThatBeginsAnewIsToldInATransaction() async throws {
        try await onThread {
            let broker = try Self.broker()
            var configuration = broker.publisher
            let told = Told()
            configuration.kafka["transactional.id"] = broker.name
            configuration.lossSink = { told.note($0) }
            let desk = try PublisherDesk(KafkaPublisherFactory(configuration))
            _ = try desk.open()
            try desk.publish(1...5)
            try desk.settle()
            try desk.commit()
            try desk.publish(6...6)
            try desk.settle()
            try broker.control("recreate \(broker.topic)")
            try desk.publish(7...9)
            try desk.settle()
            try desk.commit()
            #expect(desk.failures.isEmpty)
            #expect(try broker.rows() == Array(7...9))
            // The marker of the first transaction has an offset, too.
            #expect(told.losses == [RecordLoss(topic: broker.topic, partition: 0, from: 7, to: 0, cause: .reset)])
        }
    }

    /// No row follows, so no offset tells.
    @Test(.enabled(if: TestBroker.external == nil, "loses logs"))
    func theWatchFindsAPartitionThatBeganAnew() async throws {
        try await onThread {
            let broker = try Self.broker()
            let desk = try RowDesk(broker)
            for number in 1...20 as ClosedRange<Int64> { try desk.publish(number) }
            try desk.settle()
            try desk.watch.check()
            try broker.control("wipe")
            // The end of a partition counts when it is found twice.
            for _ in 1...3 { try desk.watch.check() }
            #expect(
                desk.losses == [RecordLoss(topic: broker.topic, partition: 0, from: 20, to: 0, cause: .reset)])
        }
    }

    /// Keys move, so the order of a key's rows ends there.
    @Test(.enabled(if: TestBroker.external == nil, "has switches"))
    func theWatchFindsPartitionsThatWereAdded() async throws {
        try await onThread {
            let broker = try Self.broker()
            let desk = try RowDesk(broker)
            try desk.publish(1)
            try desk.settle()
            try desk.watch.check()
            try broker.control("grow \(broker.topic) 3")
            for _ in 1...2 { try desk.watch.check() }
            #expect(desk.growths == [TopicGrowth(topic: broker.topic, from: 1, to: 3)])
            #expect(desk.losses.isEmpty)
        }
    }

    @Test(.enabled(if: TestBroker.external == nil, "deletes at once"))
    func theWatchFindsABurstThatRetentionDeleted() async throws {
        try await onThread {
            let broker = try Self.broker()
            try broker.control("settings \(broker.topic) retention.bytes=1000")
            let desk = try RowDesk(broker, ["batch.num.messages": "1"])
            for number in 1...30 as ClosedRange<Int64> { try desk.publish(number) }
            try desk.settle()
            try desk.watch.check()
            try desk.watch.check()
            let loss = try #require(desk.losses.first)
            #expect(desk.losses.count == 1)
            #expect(loss.from == 0)
            #expect(try broker.rows() == Array(loss.to + 1...30))
            guard case .deleted = loss.cause else { return #expect(Bool(false), "it was \(loss)") }
        }
    }

    // MARK: Offsets

    private let topic = TopicOffsets("orders")
    private let now = ContinuousClock.now

    @Test func anOffsetThatWasAssignedBeforeIsAReset() {
        #expect(topic.note(3, 51_199) == nil)
        #expect(topic.note(1, 7) == nil)
        let loss = topic.note(3, 0)
        #expect(loss == RecordLoss(topic: "orders", partition: 3, from: 51_200, to: 0, cause: .reset))
        #expect(
            loss?.description.hasPrefix("offset of partition 3 of orders went from 51200 to 0: the topic was recreated")
                == true)
        #expect(topic.note(3, 1) == nil)
    }

    /// A new leader may not know its end at once.
    @Test func anEndThatIsTooLowCountsTheSecondTime() {
        #expect(topic.note(0, 9) == nil)
        #expect(topic.compare(0, expected: 10, low: 0, high: 4) == nil)
        #expect(topic.compare(0, expected: 10, low: 0, high: 10) == nil)
        #expect(topic.compare(0, expected: 10, low: 0, high: 4) == nil)
        #expect(topic.compare(0, expected: 10, low: 0, high: 4)?.cause == .reset)
        #expect(topic.next(0) == 4)
    }

    /// The marker of a transaction has an offset, too: a partition whose old records are all deleted begins behind it.
    @Test func recordsThatAreDeletedInTheirTimeAreNoLoss() {
        #expect(topic.note(0, 9) == nil)
        #expect(topic.compare(0, expected: 10, low: 0, high: 11, now: now) == nil)
        let later = now + TopicOffsets.shortLife + .seconds(1)
        #expect(topic.compare(0, expected: 10, low: 0, high: 11, now: later) == nil)
        #expect(topic.compare(0, expected: 10, low: 11, high: 11, now: later + .seconds(60)) == nil)
    }

    @Test func recordsThatAreDeletedSoonAreALoss() {
        #expect(topic.note(0, 9) == nil)
        #expect(topic.compare(0, expected: 10, low: 0, high: 10, now: now + .seconds(60)) == nil)
        #expect(topic.note(0, 999) == nil)
        let loss = topic.compare(0, expected: 1000, low: 500, high: 1000, now: now + .seconds(120))
        #expect(loss?.from == 9)
        #expect(loss?.to == 500)
        #expect(topic.compare(0, expected: 1000, low: 500, high: 1000, now: now + .seconds(180)) == nil)
    }

    private static func broker() throws -> TestBroker {
        let broker = try TestBroker(isStrict: true)
        try broker.createTopic(broker.topic, partitions: 1)
        return broker
    }
}
