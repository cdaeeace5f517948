import Kafka
import TestKit
import Testing

/// Connections to a broker that stay open and lose every packet, while new ones work.
@Suite(.ownThread) struct DeadBrokerTests {
    private struct Surroundings {
        let proxy: TestProxy
        let strict: StrictKafka
        let kafka: TestKafka
        let topic: String
        var configuration: KafkaConfiguration

        init() throws {
            let port = try FreePort.next()
            proxy = try TestProxy(target: port)
            strict = try StrictKafka(port: port, behind: proxy)
            kafka = TestKafka(strict)
            configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:\(proxy.port)")
            topic = try kafka.topic(partitions: 1)
            configuration["socket.timeout.ms"] = "2000"
            configuration["request.timeout.ms"] = "2000"
        }
    }

    @Test(arguments: [TestProxy.Direction.toServer, .toClient, .both])
    func aProducerSendsAgainOnANewConnectionAndKeepsTheOrder(_ direction: TestProxy.Direction) throws {
        let there = try Surroundings()
        let producer = try KafkaProducer(there.configuration)
        let reader = producer.deliveryReader()
        let topic = try producer.topic(there.topic)
        #expect(producer.produce(to: topic, partition: 0, key: [0], value: [0]) == .queued)
        #expect(producer.flush(reader, within: .seconds(30)) { _ in })
        there.proxy.swallowExisting(direction)
        for index in 1...20 as ClosedRange<UInt8> {
            #expect(producer.produce(to: topic, partition: 0, key: [index], value: [index]) == .queued)
        }
        var offsets: [Int64] = []
        #expect(producer.flush(reader, within: .seconds(60)) { offsets.append($0.offset) })
        let records = try KafkaTopicReader(there.kafka.configuration, topic: there.topic).records(within: .seconds(30))
        #expect(records.map { $0.value?.first } == (0...20).map { UInt8($0) })
    }

    @Test(arguments: [TestProxy.Direction.toServer, .toClient, .both])
    func aReaderGoesOnOnANewConnection(_ direction: TestProxy.Direction) throws {
        let there = try Surroundings()
        let producer = try KafkaProducer(there.kafka.configuration)
        let reports = producer.deliveryReader()
        let topic = try producer.topic(there.topic)
        let reader = try KafkaTopicReader(there.configuration, topic: there.topic)
        #expect(try reader.records(within: .seconds(30)).isEmpty)
        #expect(producer.produce(to: topic, partition: 0, key: [1], value: [1]) == .queued)
        #expect(producer.flush(reports, within: .seconds(30)) { _ in })
        there.proxy.swallowExisting(direction)
        #expect(try reader.records(within: .seconds(60)).count == 1)
    }
}
