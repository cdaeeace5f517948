import Kafka
import TestKit
import Testing
import Threads

@testable import Consumers

@Suite struct KafkaMessageSourceTests {
    @Test func deliversWhatWasPublishedFromWhereItIsTold() async throws {
        let kafka = try TestTopic(partitions: 4)
        try await kafka.produce(
            partition: 0, key: "a", headers: [("ce_type", "order_placed"), ("ce_sequence", "0")], value: [1, 2])
        try await kafka.produce(
            partition: 0, key: "b", headers: [("ce_type", "order_paid"), ("ce_sequence", "12")], value: [3])
        try await kafka.produce(partition: 1, key: nil, headers: [], value: nil)
        try await onThread {
            let source = try kafka.source()
            defer { source.close() }
            #expect(try source.assignment() == [0, 1, 2, 3])
            #expect(try source.clusterID() != "")
            #expect(try source.endOffsets(of: [0, 1]) == [0: 2, 1: 1])
            try source.start([0: 1, 1: 0])
            let messages = try source.messages(2).sorted { $0.partition < $1.partition }
            #expect(
                messages == [
                    ConsumedMessage(
                        partition: 0, offset: 1, orderID: "b", sequenceNumber: 12, eventType: "order_paid", payload: [3]
                    ),
                    ConsumedMessage(
                        partition: 1, offset: 0, orderID: nil, sequenceNumber: nil, eventType: nil, payload: []),
                ])
        }
    }

    @Test func startsAgainElsewhere() async throws {
        let kafka = try TestTopic(partitions: 4)
        for key in ["a", "b", "c"] { try await kafka.produce(partition: 0, key: key, headers: [], value: []) }
        try await onThread {
            let source = try kafka.source()
            defer { source.close() }
            _ = try source.assignment()
            try source.start([0: 0])
            #expect(try source.messages(3).compactMap(\.orderID) == ["a", "b", "c"])
            try source.pause()
            try source.start([0: 1])
            #expect(try source.messages(2).compactMap(\.orderID) == ["b", "c"])
        }
    }

    @Test func saysThatAnOffsetIsLostAndGoesOnFromAnother() async throws {
        let kafka = try TestTopic(partitions: 4)
        try await kafka.produce(partition: 0, key: "a", headers: [], value: [])
        try await onThread {
            let source = try kafka.source()
            defer { source.close() }
            _ = try source.assignment()
            try source.start([0: 500])
            let lost = try source.wait { if case .offsetLost(let partition, _) = $0 { partition } else { nil } }
            #expect(lost == 0)
            try source.start([0: 0])
            #expect(try source.messages(1).compactMap(\.orderID) == ["a"])
        }
    }

    @Test func partitionsMoveBetweenMembers() async throws {
        let kafka = try TestTopic(partitions: 4)
        try await onThread {
            let first = try kafka.source()
            #expect(try first.assignment() == [0, 1, 2, 3])
            try first.start([0: 0, 1: 0, 2: 0, 3: 0])
            let second = try kafka.source()
            var shares: [[Int32]] = [[], []]
            // The group waits for both: they must be served in turn.
            let limit = ContinuousClock.now + .seconds(60)
            while shares[0].isEmpty || shares[1].isEmpty, .now < limit {
                for (index, source) in [first, second].enumerated() {
                    guard case .assigned(let partitions) = try source.next(until: .now + .milliseconds(50)) else {
                        continue
                    }
                    shares[index] = partitions
                    try source.start(Dictionary(uniqueKeysWithValues: partitions.map { ($0, 0) }))
                }
            }
            #expect(shares[0].count == 2 && shares[1].count == 2)
            #expect(Set(shares[0] + shares[1]) == [0, 1, 2, 3])
            first.close()
            second.close()
        }
    }

    @Test func saysThatBrokersAreAwayAndThatTheyAreBack() async throws {
        let cluster = try KafkaMockCluster()
        let kafka = try TestTopic(on: TestKafka(cluster), partitions: 1)
        try await onThread {
            let source = try kafka.source()
            defer { source.close() }
            _ = try source.assignment()
            try source.start([0: 0])
            try cluster.setDown()
            _ = try source.wait { if case .unavailable(let why) = $0 { why } else { nil } }
            try cluster.setUp()
            let isBack = try source.wait { if case .available = $0 { true } else { nil } }
            #expect(isBack == true)
        }
    }

    @Test func saysThatTheTopicIsMissingAndFindsItLater() async throws {
        let cluster = try KafkaMockCluster()
        let kafka = try TestTopic(on: TestKafka(cluster), partitions: nil)
        try await onThread {
            let source = try kafka.source()
            defer { source.close() }
            // The embedded cluster makes up topics that are asked for, so missing is what it is told to say.
            cluster.setTopicError(kafka.topic, .unknownTopicOrPartition)
            let why = try source.wait { if case .unavailable(let why) = $0 { why } else { nil } }
            #expect(why?.contains(kafka.topic) == true)
            cluster.setTopicError(kafka.topic, .none)
            #expect(try !source.assignment().isEmpty)
        }
    }

    /// The right to read is taken away and given back, and the right to ask for metadata stays.
    @Test func saysThatTheTopicMayNotBeReadAsLongAsThatIsSo() async throws {
        try await onThread {
            let strict = try StrictKafka()
            defer { strict.close() }
            let kafka = try TestTopic(on: TestKafka(strict), partitions: 1)
            let source = try kafka.source()
            defer { source.close() }
            _ = try source.assignment()
            try source.start([0: 0])
            try strict.control("errors fetch 1000000 TOPIC_AUTHORIZATION_FAILED")
            for _ in 0..<3 {
                let told = try source.wait { event -> String? in
                    switch event {
                    case .unavailable(let why): why
                    case .available: "available"
                    default: nil
                    }
                }
                #expect(told?.contains("TOPIC_AUTHORIZATION_FAILED") == true, "\(told ?? "")")
            }
            try strict.control("clear")
            let isBack = try source.wait { if case .available = $0 { true } else { nil } }
            #expect(isBack == true)
        }
    }

    @Test func aWakeUpEndsTheWait() async throws {
        let kafka = try TestTopic(partitions: 4)
        try await onThread {
            let source = try kafka.source()
            defer { source.close() }
            _ = try source.assignment()
            try source.start([0: 0])
            kafka.wake.wake()
            while true {
                guard case .idle = try source.next(until: nil) else { continue }
                break
            }
        }
    }

    @Test func goesOnWhereTheGroupCommitted() async throws {
        let kafka = try TestTopic(partitions: 4)
        for key in ["a", "b", "c"] {
            try await kafka.produce(partition: 0, key: key, headers: [("ce_type", "order_placed")], value: [])
        }
        try await onThread {
            let first = try kafka.source()
            #expect(try first.assignment() == [0, 1, 2, 3])
            #expect(try first.committedOffsets(of: [0]).isEmpty)
            #expect(try first.endOffsets(of: [0]) == [0: 3])
            try first.start([0: 0])
            #expect(
                try first.messages(3).first
                    == ConsumedMessage(
                        partition: 0, offset: 0, orderID: "a", sequenceNumber: nil, eventType: "order_placed",
                        payload: []))
            try first.commit([0: 2], waiting: true)
            first.close()
            let second = try kafka.source()
            defer { second.close() }
            #expect(try second.assignment() == [0, 1, 2, 3])
            let committed = try second.committedOffsets(of: [0])
            #expect(committed == [0: 2])
            try second.start(committed)
            #expect(try second.messages(1).map(\.orderID) == ["c"])
        }
    }

    @Test func aPausedSourceGoesOnWhereItStopped() async throws {
        let kafka = try TestTopic(partitions: 4)
        try await kafka.produce(partition: 0, key: "a", headers: [], value: [])
        let source = try await onThread {
            let source = try kafka.source()
            _ = try source.assignment()
            try source.start([0: 0])
            #expect(try source.messages(1).map(\.orderID) == ["a"])
            try source.pause()
            return Confined(source)
        }
        try await kafka.produce(partition: 0, key: "b", headers: [], value: [])
        try await onThread {
            defer { source.value.close() }
            try source.value.resume()
            #expect(try source.value.messages(1).map(\.orderID) == ["b"])
        }
    }

    @Test func aStartWhilePausedLeavesTheOtherPartitionsToResume() async throws {
        let kafka = try TestTopic(partitions: 4)
        try await kafka.produce(partition: 0, key: "a", headers: [], value: [])
        try await kafka.produce(partition: 1, key: "b", headers: [], value: [])
        try await onThread {
            let source = try kafka.source()
            defer { source.close() }
            _ = try source.assignment()
            try source.start([0: 0, 1: 1])
            try source.pause()
            try source.start([1: 0])
            #expect(try source.messages(1).map(\.orderID) == ["b"])
            try source.resume()
            #expect(try source.messages(1).map(\.orderID) == ["a"])
        }
    }
}

/// Hands a source from one thread to the next.
private struct Confined<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
