import CRDKafka
import TestKit
import Testing
import Threads

@testable import Kafka

@Suite(.ownThread) struct QueryTests {
    @Test func theClusterAnswersAboutItself() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        try produce([[1], [2]], to: orders, partition: 1, at: kafka)
        let producer = try KafkaProducer(kafka.configuration)
        #expect(try !producer.clusterID(within: .seconds(30)).isEmpty)
        let topic = try producer.metadata(topic: orders, within: .seconds(30)).topic(orders)
        #expect(topic?.error == nil)
        #expect(topic?.partitions.map(\.index).sorted() == [0, 1, 2, 3])
        let marks = try producer.watermarks(KafkaPartition(topic: orders, index: 1), within: .seconds(30))
        #expect(marks == KafkaWatermarks(low: 0, high: 2))
    }

    /// A call that waits for the broker would hold up the end of the process.
    @Test(.timeLimit(.minutes(1))) func aQuestionEndsInTimeWhileTheBrokersAreAway() throws {
        let cluster = try KafkaMockCluster()
        let kafka = TestKafka(cluster)
        let orders = try kafka.topic(partitions: 1)
        let place = KafkaPartition(topic: orders, index: 0)
        let producer = try KafkaProducer(kafka.configuration)
        #expect(try producer.watermarks(place, within: .seconds(30)) == KafkaWatermarks(low: 0, high: 0))
        try cluster.setDown()
        // The leader is known, and does not answer.
        #expect(throws: KafkaError.self) { try producer.watermarks(place, within: .milliseconds(500)) }
        try cluster.setUp()
        let deadline = ContinuousClock.now + .seconds(30)
        while (try? producer.watermarks(place, within: .seconds(5))) == nil, .now < deadline {}
        #expect(try producer.watermarks(place, within: .seconds(30)) == KafkaWatermarks(low: 0, high: 0))
    }

    @Test func theMockClusterHasNoAdminAPIAndThatIsSaid() throws {
        let cluster = try KafkaMockCluster()
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: cluster.bootstrapServers))
        let create = #expect(throws: KafkaError.self) {
            try producer.createTopic("orders", partitions: 3, within: .seconds(10))
        }
        #expect(create?.code == .unsupportedFeature, "\(String(describing: create))")
        let describe = #expect(throws: KafkaError.self) {
            _ = try producer.topicConfiguration("orders", within: .seconds(10))
        }
        #expect(describe?.code == .unsupportedFeature, "\(String(describing: describe))")
    }

    @Test func aTopicIsReadFromItsBeginningToItsEnd() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        try produce((0..<50).map { [$0] }, to: orders, partition: 0, at: kafka)
        try produce([[7]], to: orders, partition: 2, at: kafka)
        let reader = try KafkaTopicReader(kafka.configuration, topic: orders)
        let first = try reader.records(within: .seconds(60))
        #expect(first.filter { $0.partition == 0 }.compactMap { $0.value?.first } == Array(0..<50))
        #expect(first.filter { $0.partition == 2 }.compactMap { $0.value?.first } == [7])
        #expect(first.count == 51)

        try produce([[8]], to: orders, partition: 2, at: kafka)
        var rest: [UInt8] = []
        try reader.readToEnd(from: [KafkaPartition(topic: orders, index: 2): .at(1)], within: .seconds(60)) { batch in
            rest += batch.compactMap { $0.value?.first }
        }
        #expect(rest == [8])
    }

    @Test func logsErrorsAndStatisticsReachTheSink() throws {
        let seen = Seen()
        let configuration = KafkaConfiguration([
            "bootstrap.servers": "127.0.0.1:1", "statistics.interval.ms": "50",
        ])
        let producer = try KafkaProducer(configuration, sink: { seen.add($0) })
        let reader = producer.deliveryReader()
        let deadline = ContinuousClock.now + .seconds(30)
        while !seen.isComplete, ContinuousClock.now < deadline {
            if reader.poll() == 0 { reader.wait(upTo: .seconds(1)) }
        }
        #expect(seen.isComplete)
    }

    @Test func aFloodOfEventsDoesNotPutTheReaderToSleep() throws {
        let cluster = try KafkaMockCluster()
        let producer = try KafkaProducer(
            KafkaConfiguration(["bootstrap.servers": cluster.bootstrapServers, "debug": "all"]))
        let reader = producer.deliveryReader()
        // Every request gives a few log lines; together they are more than one poll hands over.
        while rd_kafka_queue_length(producer.client.queue) <= 2 * KafkaLimits.eventsPerPoll {
            _ = try producer.metadata(topic: nil, within: .seconds(30))
        }
        producer.wake.drain()
        #expect(reader.poll() == 0)
        #expect(producer.wake.drain())
    }
}
