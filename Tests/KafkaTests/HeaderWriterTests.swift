import Testing

@testable import Kafka

@Suite(.ownThread) struct HeaderWriterTests {
    private let name = KafkaHeaderName("n")

    @Test func sharedHeadersStayBeforeTheMark() {
        let writer = KafkaHeaderWriter()
        writer.add(name, "shared")
        let mark = writer.mark
        writer.add(name, "own")
        writer.add(name: "row", "own")
        #expect(writer.count == 3)
        writer.truncate(to: mark)
        #expect(writer.count == 1)
        writer.reset()
        #expect(writer.count == 0)
    }

    @Test func tooManyHeadersAreNotDroppedInSilence() throws {
        let writer = KafkaHeaderWriter()
        for _ in 0..<KafkaLimits.headersPerMessage { writer.add(name, "v") }
        #expect(!writer.isOverflowing)
        writer.add(name, "v")
        #expect(writer.isOverflowing && writer.count == KafkaLimits.headersPerMessage)

        let cluster = try KafkaMockCluster()
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: cluster.bootstrapServers))
        let topic = try producer.topic("orders")
        let outcome = producer.produce(to: topic, key: [1], value: [1], headers: writer)
        #expect(outcome == .refused(.messageTooLarge))
        writer.reset()
        #expect(!writer.isOverflowing)
    }

    @Test func tooManyBytesAreNotDroppedInSilence() {
        let writer = KafkaHeaderWriter()
        let half = [UInt8](repeating: 1, count: KafkaLimits.headerScratchBytesPerMessage / 2)
        half.withUnsafeBytes { bytes in
            writer.add(name, copying: bytes)
            writer.add(name, copying: bytes)
            #expect(!writer.isOverflowing && writer.count == 2)
            writer.add(name, "one more")
        }
        #expect(writer.isOverflowing && writer.count == 2)
    }
}
