import Kafka
import Outbox
import TestKit
import Testing

@testable import OutboxKafka

/// A broker that refuses the first batch for a partition without records, while later batches are under way: Kafka
/// accepts the second batch, and librdkafka concludes that the first one was stored.
@Suite(.enabled(if: TestBroker.external == nil, "injects errors"))
struct FirstMessageTests {
    static let refusals = ["NOT_LEADER_OR_FOLLOWER", "UNKNOWN_TOPIC_OR_PARTITION"]

    @Test(arguments: refusals) func rowsThatCountAsPublishedAreInANewPartitionInOrder(_ code: String) async throws {
        try await onThread {
            let broker = try Self.broker(refusingFirst: code)
            let desk = try RowDesk(broker, Self.oneRowPerRequest)
            for number in 1...10 as ClosedRange<Int64> { try desk.publish(number) }
            try desk.settle()
            #expect(desk.failures.isEmpty)
            #expect(desk.published == Array(1...10))
            #expect(try broker.rows() == Array(1...10))
        }
    }

    @Test(arguments: refusals) func rowsOfATransactionAreInANewPartition(_ code: String) async throws {
        try await onThread {
            let broker = try Self.broker(refusingFirst: code)
            let desk = try PublisherDesk(broker, settings: Self.oneRowPerRequest)
            _ = try desk.open()
            try desk.publish(1...10)
            try desk.publish(PublisherDesk.record(cut: 1, through: 10))
            try desk.settle()
            try desk.commit()
            #expect(desk.failures.isEmpty)
            #expect(try broker.rows() == Array(1...10))
        }
    }

    /// The gate is open: the partition acknowledged a row, and then its log was lost. What is not in it must not count
    /// as published.
    @Test(arguments: refusals) func aRowThatIsNotInARecreatedTopicIsReportedAsAFailure(_ code: String) async throws {
        try await onThread {
            let broker = try Self.broker(refusingFirst: code)
            let desk = try RowDesk(broker, Self.oneRowPerRequest)
            try desk.publish(1)
            try desk.settle()
            try broker.control("recreate \(broker.topic)")
            for number in 2...5 as ClosedRange<Int64> { try desk.publish(number) }
            try desk.settle()
            let stored = try broker.rows()
            #expect(!stored.contains(2))
            #expect(Set(desk.published).isSubset(of: [1] + stored))
            #expect(desk.failures.map(\.kind) == [.transient])
        }
    }

    /// So that a second request is under way when the first one is refused.
    static let oneRowPerRequest = ["batch.num.messages": "1"]

    private static func broker(refusingFirst code: String) throws -> TestBroker {
        let broker = try TestBroker(isStrict: true)
        try broker.createTopic(broker.topic, partitions: 1)
        try broker.control("refuse-first 1 \(code)")
        try broker.control("delay produce 50")
        return broker
    }
}
