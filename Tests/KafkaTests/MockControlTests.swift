import Testing

@testable import Kafka

@Suite(.ownThread) struct MockControlTests {
    @Test(arguments: [
        ("down", KafkaMockCommand.down(broker: nil)), ("down 2", .down(broker: 2)), ("up", .up(broker: nil)),
        (" latency  20\t1 ", .latency(milliseconds: 20, broker: 1)),
        ("errors produce 2 NOT_LEADER_FOR_PARTITION", .errors(apiKey: 0, count: 2, code: .notLeader)),
        ("errors 3 1 7", .errors(apiKey: 3, count: 1, code: KafkaErrorCode(rawValue: 7))),
        ("errors 0 1 -195", .errors(apiKey: 0, count: 1, code: .transport)),
        ("clear-errors fetch", .clearErrors(apiKey: 1)),
        ("leader orders 3 2", .leader(topic: "orders", partition: 3, broker: 2)),
        ("leader orders 3 none", .leader(topic: "orders", partition: 3, broker: nil)),
        ("coordinator group payments 1", .coordinator(.group, key: "payments", broker: 1)),
        ("topic orders 64", .topic("orders", partitions: 64)),
        ("topic-error orders UNKNOWN_TOPIC_OR_PART", .topicError("orders", .unknownTopicOrPartition)),
        ("topic-error orders none", .topicError("orders", .none)), ("status", .status), ("help", .help),
    ])
    func aLineIsACommand(_ line: String, _ command: KafkaMockCommand) throws {
        #expect(try KafkaMockCommand(line: line) == command)
    }

    @Test(arguments: [
        ("", "empty"), ("dance", "unknown command"), ("down x", "broker"), ("down 1 2", "usage: down"),
        ("latency -1", "latency"), ("latency 60001", "latency"), ("errors 0 0 7", "count"),
        ("errors 0 10001 7", "count"), ("errors nothing 1 7", "API key"), ("errors 0 1 NO_SUCH", "NO_SUCH"),
        ("topic orders", "usage: topic"), ("leader orders 1", "usage: leader"),
        ("coordinator king a 1", "group or transaction"), ("topic orders 99999999999999999999", "partitions"),
    ])
    func aLineThatIsNoneSaysWhy(_ line: String, _ part: String) {
        let malformed = #expect(throws: KafkaMockCommand.Malformed.self) { _ = try KafkaMockCommand(line: line) }
        #expect(malformed?.message.contains(part) == true, "\(String(describing: malformed))")
    }

    @Test func linesAreCutWhereverTheBytesBreak() {
        var lines = KafkaControlLines()
        #expect(lines.receive(Array("sta".utf8)) == [])
        #expect(lines.receive(Array("tus\r\nup\ndo".utf8)) == [.text("status"), .text("up")])
        #expect(lines.receive(Array("wn\n".utf8)) == [.text("down")])
        #expect(lines.receive([0xff, 0xfe, 10]) == [.notText])
    }

    @Test func aLineTooLongIsReportedOnceAndSkipped() {
        let limit = KafkaLimits.controlLineBytes
        var lines = KafkaControlLines()
        let longest = [UInt8](repeating: 65, count: limit)
        #expect(lines.receive(longest + [10]) == [.text(String(decoding: longest, as: UTF8.self))])
        #expect(lines.receive(longest + [65, 10]) == [.tooLong])
        #expect(lines.receive([UInt8](repeating: 65, count: 50 * limit)) == [])
        #expect(lines.receive([10] + Array("up\n".utf8)) == [.tooLong, .text("up")])
    }

    @Test func commandsReachTheCluster() throws {
        let cluster = try KafkaMockCluster(brokers: 2)
        var control = KafkaMockControl(cluster)
        #expect(control.answer("topic orders 5") == "ok")
        #expect(control.answer("topic orders 5").hasPrefix("error TOPIC_ALREADY_EXISTS"))
        #expect(control.answer("leader orders 4 2") == "ok")
        #expect(control.answer("down 3").hasPrefix("error"))
        #expect(control.answer("nonsense").hasPrefix("error"))
        #expect(control.answer("status").hasSuffix("brokers=2 down=none latency=none"))

        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: cluster.bootstrapServers))
        let topic = try producer.metadata(topic: "orders", within: .seconds(30)).topic("orders")
        #expect(topic?.partitions.count == 5)
        #expect(topic?.partitions.first { $0.index == 4 }?.leader == 2)

        #expect(control.answer("down") == "ok")
        #expect(control.answer("status").hasSuffix("down=1,2 latency=none"))
        let refused = #expect(throws: KafkaError.self) {
            _ = try producer.metadata(topic: "orders", within: .milliseconds(300))
        }
        #expect(refused?.isRetriable == true)
        #expect(control.answer("up 1") == "ok")
        #expect(control.answer("status").hasSuffix("down=2 latency=none"))
        #expect(try producer.metadata(topic: nil, within: .seconds(30)).brokers.count == 2)
    }

    @Test func injectedErrorsAreRetriedWithOneRequestInFlight() throws {
        let cluster = try KafkaMockCluster()
        try cluster.createTopic("orders", partitions: 1)
        var control = KafkaMockControl(cluster)
        #expect(control.answer("errors produce 3 NOT_LEADER_FOR_PARTITION") == "ok")
        let producer = try KafkaProducer(
            KafkaConfiguration(["bootstrap.servers": cluster.bootstrapServers, "max.in.flight": "1"]))
        let reader = producer.deliveryReader()
        let topic = try producer.topic("orders")
        for index in 0..<20 {
            #expect(producer.produce(to: topic, key: [1], value: [UInt8(index)], correlation: UInt64(index)) == .queued)
        }
        var reports: [KafkaDelivery] = []
        #expect(producer.flush(reader, within: .seconds(60)) { reports.append($0) })
        #expect(reports.map(\.correlation) == Array(0..<20) && reports.allSatisfy(\.isDelivered))
    }
}
