import TestKit
import Testing

@testable import Kafka

@Suite(.ownThread) struct ConsumerTests {
    @Test func recordsArriveAsTheyWereProduced() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        let producer = try KafkaProducer(kafka.configuration)
        let reports = producer.deliveryReader()
        let topic = try producer.topic(orders)
        let (id, empty, null, number) = (
            KafkaHeaderName("id"), KafkaHeaderName("empty"), KafkaHeaderName("null"), KafkaHeaderName("number")
        )
        let headers = KafkaHeaderWriter()
        let identity: [UInt8] = [0, 255, 7]
        identity.withUnsafeBytes { bytes in
            headers.add(id, borrowing: bytes)
            headers.add(empty, "")
            headers.addNull(null)
            headers.add(number, decimal: .min)
            headers.add(name: "from-row", "é")
            #expect(
                producer.produce(to: topic, partition: 0, key: Array("a".utf8), value: [1, 2], headers: headers)
                    == .queued)
        }
        headers.reset()
        headers.add(number, decimal: 0)
        // Empty, not absent, although there is no address.
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        headers.add(empty, borrowing: nothing)
        #expect(
            producer.produce(to: topic, partition: 0, key: nothing, value: nothing, headers: headers, correlation: 0)
                == .queued)
        #expect(producer.produce(to: topic, partition: 0, key: nil, value: nil) == .queued)
        #expect(producer.flush(reports, within: .seconds(30)) { _ in })

        let consumer = try KafkaConsumer(kafka.memberConfiguration, groupID: kafka.name("group"))
        try consumer.assign([KafkaPartition(topic: orders, index: 0): .beginning])
        var records: [KafkaRecord] = []
        try poll(consumer) { event in
            if case .records(let batch) = event { records += batch }
            return records.count >= 3
        }

        try #require(records.map(\.topic) == [orders, orders, orders])
        #expect(records.map(\.offset) == [0, 1, 2])
        #expect(records.allSatisfy { ($0.timestampMilliseconds ?? 0) > 1_500_000_000_000 })
        #expect(records[0].keyText == "a" && records[0].value.map(Array.init) == [1, 2])
        #expect(
            records[0].headers == [
                KafkaHeader(name: "id", value: identity), KafkaHeader(name: "empty", value: []),
                KafkaHeader(name: "null", value: nil),
                KafkaHeader(name: "number", value: Array("-9223372036854775808".utf8)),
                KafkaHeader(name: "from-row", value: Array("é".utf8)),
            ])
        #expect(records[0].header("id").map(Array.init) == identity)
        #expect(records[0].headerText("empty") == "")
        #expect(records[0].header("null") == nil && records[0].header("absent") == nil)
        #expect(records[1].key == [] && records[1].value == [])
        #expect(
            records[1].headerText("number") == "0" && records[1].headers.count == 2 && records[1].header("empty") == [])
        #expect(records[2].key == nil && records[2].value == nil && records[2].headers.isEmpty)
        #expect(consumer.close(within: .seconds(20)))
    }

    @Test func aGroupMemberStartsWhereTheApplicationSays() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        try produce((0..<10).map { [$0] }, to: orders, partition: 0, at: kafka)
        try produce((20..<30).map { [$0] }, to: orders, partition: 1, at: kafka)
        let (first, second) = (KafkaPartition(topic: orders, index: 0), KafkaPartition(topic: orders, index: 1))

        let consumer = try KafkaConsumer(kafka.memberConfiguration, groupID: kafka.name("projection"))
        try consumer.subscribe([orders])
        var values: [UInt8] = []
        try poll(consumer) { event in
            switch event {
            case .assigned(let partitions):
                #expect(partitions.count == 4 && partitions.contains(first) && partitions.contains(second))
                try consumer.assign([first: .at(7), second: .at(9)])
            case .records(let batch): values += batch.compactMap { $0.value?.first }
            default: break
            }
            return values.count >= 4
        }
        #expect(values.sorted() == [7, 8, 9, 29])

        values = []
        try consumer.seek([first: .at(8)], within: .seconds(20))
        try poll(consumer) { event in
            if case .records(let batch) = event { values += batch.compactMap { $0.value?.first } }
            return values.count >= 2
        }
        #expect(values == [8, 9])

        try consumer.commit([first: 10])
        #expect(try consumer.committed([first, second], within: .seconds(20)) == [first: 10])
        #expect(consumer.close(within: .seconds(20)))
    }

    @Test func aSecondMemberTakesItsShare() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        let first = try KafkaConsumer(kafka.memberConfiguration, groupID: kafka.name("projection"))
        try first.subscribe([orders])
        try poll(first) { event in
            guard case .assigned(let partitions) = event else { return false }
            #expect(partitions.count == 4)
            try first.assign(Dictionary(uniqueKeysWithValues: partitions.map { ($0, .beginning) }))
            return true
        }

        let second = try KafkaConsumer(kafka.memberConfiguration, groupID: kafka.name("projection"))
        try second.subscribe([orders])
        var owned: [[KafkaPartition]] = [[], []]
        var revoked = false
        let deadline = ContinuousClock.now + .seconds(60)
        while owned.contains([]), ContinuousClock.now < deadline {
            for (index, member) in [first, second].enumerated() {
                switch member.poll() {
                case .assigned(let partitions):
                    owned[index] = partitions
                    try member.assign(Dictionary(uniqueKeysWithValues: partitions.map { ($0, .beginning) }))
                case .revoked(let partitions, let lost):
                    #expect(!lost)
                    revoked = true
                    try member.unassign(partitions)
                case nil: member.wait(upTo: .milliseconds(20))
                default: break
                }
            }
        }
        #expect(revoked)
        #expect(owned.map(\.count) == [2, 2] && Set(owned[0] + owned[1]).count == 4)
        #expect(second.close(within: .seconds(20)))
        #expect(first.close(within: .seconds(20)))
    }

    @Test func anOffsetThatIsGoneIsAnEventAndNotAGuess() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        try produce([[1], [2]], to: orders, partition: 0, at: kafka)
        let partition = KafkaPartition(topic: orders, index: 0)
        let consumer = try KafkaConsumer(kafka.memberConfiguration, groupID: kafka.name("projection"))
        try consumer.assign([partition: .at(1000)])
        var failure: KafkaError?
        try poll(consumer) { event in
            guard case .partitionFailed(partition, let error) = event else { return false }
            failure = error
            return true
        }
        #expect(failure?.code == .noStartOffset, "\(String(describing: failure))")

        try consumer.seek([partition: .beginning], within: .seconds(20))
        var values: [UInt8] = []
        try poll(consumer) { event in
            if case .records(let batch) = event { values += batch.compactMap { $0.value?.first } }
            return values.count >= 2
        }
        #expect(values == [1, 2])
        #expect(consumer.close(within: .seconds(20)))
    }

    @Test func batchesKeepBothBounds() throws {
        let kafka = try TestKafka()
        let orders = try kafka.topic(partitions: 4)
        let values = (0..<100).map { first in (0..<100).map { UInt8(first + $0) } }
        try produce(values, to: orders, partition: 0, at: kafka)
        let consumer = try KafkaConsumer(kafka.memberConfiguration, groupID: kafka.name("projection"))
        try consumer.assign([KafkaPartition(topic: orders, index: 0): .beginning])
        var read: [[UInt8]] = []
        let deadline = ContinuousClock.now + .seconds(60)
        while read.count < 100, ContinuousClock.now < deadline {
            let byCount = read.count < 50
            let event = consumer.poll(maximumRecords: byCount ? 7 : 1000, maximumBytes: byCount ? 1 << 20 : 500)
            guard case .records(let batch) = event else {
                consumer.wait(upTo: .seconds(1))
                continue
            }
            #expect(byCount ? batch.count <= 7 : batch.byteCount < 500 + 101)
            read += batch.map { Array($0.value ?? []) }
        }
        #expect(read == values)
        #expect(consumer.close(within: .seconds(20)))
    }
}
