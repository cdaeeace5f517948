import Kafka
import TestKit
import Testing

@testable import Kafka

/// Scans of whole topics, without copies and with a brake on what is fetched ahead.
@Suite(.ownThread) struct TopicScanTests {
    private static let partitions = 3

    /// A topic with so many records, of which the n-th has key, value and header n.
    private func filled(_ count: Int, _ kafka: TestKafka) throws -> String {
        let topic = try kafka.topic(partitions: Self.partitions)
        let producer = try KafkaProducer(kafka.configuration)
        let (handle, reports, writer) = (try producer.topic(topic), producer.deliveryReader(), KafkaHeaderWriter())
        for number in 0..<count {
            let text = Array("\(number)".utf8)
            while true {
                writer.reset()
                writer.add(name: "number", "\(number)")
                let outcome = producer.produce(to: handle, key: text, value: text, headers: writer)
                if outcome == .queued { break }
                guard outcome == .queueFull, producer.flush(reports, within: .seconds(30), { _ in }) else {
                    throw TestFailure("record \(number): \(outcome)")
                }
            }
        }
        guard producer.flush(reports, within: .seconds(30), { _ in }) else { throw TestFailure("reports are missing") }
        return topic
    }

    /// Everything is handed out once, in order; far more than waits at once.
    @Test func everyRecordComesOnceAndInOrder() throws {
        let kafka = try TestKafka()
        let count = 3 * KafkaLimits.scanRecordsAhead
        let topic = try filled(count, kafka)
        var seen = [Bool](repeating: false, count: count)
        var last: [Int32: Int64] = [:]
        try KafkaTopicReader(scanning: topic, kafka.memberConfiguration).scanToEnd(within: .seconds(60)) { record in
            #expect(record.offset == (last[record.partition] ?? -1) + 1)
            last[record.partition] = record.offset
            let number = Int(String(decoding: record.key, as: UTF8.self)) ?? -1
            #expect(!seen[number])
            seen[number] = true
            #expect(record.value.map { String(decoding: $0, as: UTF8.self) } == "\(number)")
            #expect(record.timestampMilliseconds != nil)
            var headers: [String] = []
            record.forEachHeader { name, value in
                headers.append(String(decoding: name, as: UTF8.self) + "=" + String(decoding: value, as: UTF8.self))
            }
            #expect(headers == ["number=\(number)"])
        }
        #expect(seen.allSatisfy { $0 })
    }

    /// The threads of the brokers stand at the brake when the reader gives up: they go on, and the next scan reads all.
    @Test func aScanThatIsGivenUpLeavesNothingBehind() throws {
        let kafka = try TestKafka()
        let count = 2 * KafkaLimits.scanRecordsAhead
        let topic = try filled(count, kafka)
        let brake = FetchBrake(records: 10, bytes: 1 << 20)
        let reader = try KafkaTopicReader(kafka.memberConfiguration, topic: topic, wake: nil, sink: nil, brake: brake)
        for _ in 0..<3 {
            var left = 100
            #expect(throws: TestFailure.self) {
                try reader.scanToEnd(within: .seconds(60)) { _ in
                    left -= 1
                    if left == 0 { throw TestFailure("given up") }
                }
            }
        }
        var found = 0
        try reader.scanToEnd(within: .seconds(60)) { _ in found += 1 }
        #expect(found == count)
    }

    @Test func keysAndValuesThatAreNotThere() throws {
        let kafka = try TestKafka()
        let topic = try kafka.topic(partitions: 1)
        let producer = try KafkaProducer(kafka.configuration)
        let handle = try producer.topic(topic)
        #expect(producer.produce(to: handle, key: nil, value: nil) == .queued)
        #expect(producer.produce(to: handle, key: [], value: []) == .queued)
        #expect(producer.flush(producer.deliveryReader(), within: .seconds(30)) { _ in })
        var values: [Int?] = []
        try KafkaTopicReader(scanning: topic, kafka.memberConfiguration).scanToEnd(within: .seconds(30)) { record in
            values.append(record.value?.count)
            #expect(record.key.isEmpty)
        }
        #expect(values == [nil, 0])
    }
}
