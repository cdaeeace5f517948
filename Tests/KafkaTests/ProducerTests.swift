import Foundation
import TestKit
import Testing

@testable import Kafka

@Suite(.ownThread) struct ProducerTests {
    @Test func everyMessageGetsOneReportWithItsPlace() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        let producer = try KafkaProducer(kafka.configuration)
        let reader = producer.deliveryReader(capacity: 7)
        let topic = try producer.topic(orders)
        for index in 0..<100 {
            #expect(
                producer.produce(to: topic, partition: 0, key: [1], value: [2], correlation: UInt64(index)) == .queued)
        }
        #expect(producer.outstanding == 100)

        var reports: [KafkaDelivery] = []
        #expect(producer.flush(reader, within: .seconds(30)) { reports.append($0) })

        #expect(reports.map(\.correlation) == Array(0..<100))
        #expect(reports.map(\.offset) == Array(0..<100))
        #expect(reports.allSatisfy { $0.isDelivered && $0.partition == 0 })
        #expect(producer.outstanding == 0)
    }

    @Test func brokerAwayAndBackLosesNothing() throws {
        let cluster = try KafkaMockCluster()
        try cluster.createTopic("orders", partitions: 1)
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: cluster.bootstrapServers))
        let reader = producer.deliveryReader()
        let topic = try producer.topic("orders")
        #expect(producer.produce(to: topic, key: [1], value: [0], correlation: 0) == .queued)
        #expect(producer.flush(reader, within: .seconds(30)) { _ in })

        try cluster.setDown()
        for index in 1...50 {
            #expect(producer.produce(to: topic, key: [1], value: [2], correlation: UInt64(index)) == .queued)
        }
        #expect(!producer.flush(reader, within: .milliseconds(300)) { _ in })
        #expect(producer.outstanding == 50)
        try cluster.setUp()

        var reports: [KafkaDelivery] = []
        #expect(producer.flush(reader, within: .seconds(30)) { reports.append($0) })
        #expect(reports.map(\.correlation) == Array(1...50))
        #expect(reports.map(\.offset) == Array(1...50))
    }

    @Test func aMessageTooLargeIsRefusedAtOnceAndItsNeighboursAreNot() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        var configuration = kafka.configuration
        configuration["message.max.bytes"] = "1000"
        let producer = try KafkaProducer(configuration)
        let reader = producer.deliveryReader()
        let topic = try producer.topic(orders)
        #expect(producer.produce(to: topic, key: [1], value: [1], correlation: 1) == .queued)
        let large = [UInt8](repeating: 7, count: 2000)
        let outcome = producer.produce(to: topic, key: [1], value: large, correlation: 2)
        #expect(outcome == .refused(.messageTooLarge))
        #expect(KafkaErrorCode.messageTooLarge.disposition == .message)
        #expect(producer.produce(to: topic, key: [1], value: [3], correlation: 3) == .queued)
        var reported: [UInt64] = []
        #expect(producer.flush(reader, within: .seconds(30)) { reported.append($0.correlation) })
        #expect(reported == [1, 3])
    }

    @Test func aFullQueueSaysSoAndTakesMessagesAgainLater() throws {
        let cluster = try KafkaMockCluster()
        var configuration = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        configuration["queue.buffering.max.messages"] = "10"
        let producer = try KafkaProducer(configuration)
        let reader = producer.deliveryReader()
        let topic = try producer.topic("orders")
        try cluster.setDown()
        var outcomes: [KafkaProduceOutcome] = []
        for index in 0..<12 {
            outcomes.append(producer.produce(to: topic, key: [1], value: [1], correlation: UInt64(index)))
        }
        #expect(outcomes == Array(repeating: .queued, count: 10) + [.queueFull, .queueFull])
        try cluster.setUp()
        #expect(producer.flush(reader, within: .seconds(30)) { _ in })
        #expect(producer.produce(to: topic, key: [1], value: [1], correlation: 12) == .queued)
        #expect(producer.flush(reader, within: .seconds(30)) { _ in })
    }

    @Test func purgedMessagesAreReportedAsSuch() throws {
        let cluster = try KafkaMockCluster()
        try cluster.setDown()
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: cluster.bootstrapServers))
        let reader = producer.deliveryReader()
        let topic = try producer.topic("orders")
        for index in 0..<5 {
            #expect(producer.produce(to: topic, key: [1], value: [1], correlation: UInt64(index)) == .queued)
        }
        try producer.purge([.queued, .inFlight])
        var codes: [KafkaErrorCode] = []
        #expect(producer.flush(reader, within: .seconds(30)) { codes.append($0.code) })
        #expect(codes.count == 5 && codes.allSatisfy(\.isPurged))
    }

    @Test func topicNamesNoBrokerTakesAreRefused() throws {
        let kafka = try TestKafka()
        let producer = try KafkaProducer(kafka.configuration)
        for name in ["", ".", "..", "a/b", "späti", String(repeating: "x", count: 250)] {
            let error = #expect(throws: KafkaError.self) { _ = try producer.topic(name) }
            #expect(error?.code == .invalidTopic)
        }
        let topic = try producer.topic("outbox.event.order")
        let again = try producer.topic("outbox.event.order")
        #expect(topic === again)
    }

    @Test func transactionsCommitAndAbort() throws {
        let kafka = try TestKafka(brokers: 3)
        let orders = try kafka.topic(partitions: 4)
        var configuration = kafka.configuration
        configuration["transactional.id"] = kafka.name("relay")
        let producer = try KafkaProducer(configuration)
        let reader = producer.deliveryReader()
        let topic = try producer.topic(orders)
        try producer.initTransactions(within: .seconds(30))

        try producer.beginTransaction()
        #expect(producer.produce(to: topic, key: [1], value: [1], correlation: 1) == .queued)
        let early = #expect(throws: KafkaError.self) { try producer.commitTransaction(within: .seconds(5)) }
        #expect(early?.code == .wrongState)
        #expect(producer.flush(reader, within: .seconds(30)) { _ in })
        try producer.commitTransaction(within: .seconds(30))

        try producer.beginTransaction()
        #expect(producer.produce(to: topic, key: [1], value: [1], correlation: 2) == .queued)
        // While a broker writes the markers of the commit before, it adds no partition, and refuses to abort a
        // transaction without any (INVALID_TXN_STATE).
        #expect(producer.flush(reader, within: .seconds(30)) { _ in })
        try producer.abortTransaction(reader, within: .seconds(30))

        try producer.beginTransaction()
        #expect(producer.produce(to: topic, key: [1], value: [1], correlation: 3) == .queued)
        var delivered = 0
        #expect(producer.flush(reader, within: .seconds(30)) { delivered += $0.isDelivered ? 1 : 0 })
        #expect(delivered == 1)
        try producer.commitTransaction(within: .seconds(30))
    }

    /// The broker does not accept a message in flight, and librdkafka queues it again after the call that takes back
    /// the queue.
    @Test func anAbortTakesBackWhatIsToBeSentAgain() throws {
        let cluster = try KafkaMockCluster()
        let kafka = TestKafka(cluster)
        var configuration = kafka.configuration
        configuration["transactional.id"] = kafka.name("relay")
        let producer = try KafkaProducer(configuration)
        let reader = producer.deliveryReader()
        let topic = try producer.topic(try kafka.topic(partitions: 4))
        try producer.initTransactions(within: .seconds(30))

        try producer.beginTransaction()
        #expect(producer.produce(to: topic, key: [1], value: [1], correlation: 1) == .queued)
        // The partition is added to the transaction within one answer's time, and the message is in flight for another.
        try cluster.setLatency(milliseconds: 500)
        cluster.pushErrors(apiKey: 0, [.notLeader])
        #expect(!producer.flush(reader, within: .milliseconds(750)) { _ in })
        try producer.abortTransaction(reader, within: .seconds(30))
        #expect(producer.outstanding == 0)

        try producer.beginTransaction()
        #expect(producer.produce(to: topic, key: [1], value: [1], correlation: 2) == .queued)
        var delivered: [UInt64] = []
        #expect(producer.flush(reader, within: .seconds(30)) { delivered += $0.isDelivered ? [$0.correlation] : [] })
        #expect(delivered == [2])
        try producer.commitTransaction(within: .seconds(30))
    }
}
