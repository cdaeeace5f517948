import Kafka
import Payments
import TestKit
import Testing
import Threads

@testable import Consumers

@Suite struct KafkaPaymentSourceTests {
    @Test func goesOnWhereTheGroupCommitted() async throws {
        let kafka = try TestTopic(partitions: 4)
        for key in ["a", "b", "c"] {
            try await kafka.produce(partition: 0, key: key, headers: [("ce_type", "order_placed")], value: [])
        }
        try await onThread {
            let first = try kafka.paymentSource()
            #expect(try first.assignment() == [0, 1, 2, 3])
            #expect(try first.committedOffsets(of: [0]).isEmpty)
            #expect(try first.endOffsets(of: [0]) == [0: 3])
            try first.start([0: 0])
            #expect(
                try first.messages(3).first
                    == OrderMessage(partition: 0, offset: 0, orderID: "a", eventType: "order_placed"))
            try first.commit([0: 2], waiting: true)
            first.close()
            let second = try kafka.paymentSource()
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
            let source = try kafka.paymentSource()
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
}

/// Hands a source from one thread to the next.
private struct Confined<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

extension Payments.MessageSource {
    /// Events until one says what is wanted; nil if none does for a long time.
    fileprivate func wait<T>(_ wanted: (Payments.SourceEvent) throws -> T?) throws -> T? {
        let limit = ContinuousClock.now + .seconds(60)
        while .now < limit {
            if let found = try wanted(next(until: limit)) { return found }
        }
        return nil
    }

    fileprivate func assignment() throws -> [Int32] {
        try wait { if case .assigned(let partitions) = $0 { partitions.sorted() } else { nil } } ?? []
    }

    fileprivate func messages(_ count: Int) throws -> [OrderMessage] {
        var found: [OrderMessage] = []
        return try wait { event in
            if case .messages(let messages) = event { found += messages }
            return found.count >= count ? found : nil
        } ?? found
    }
}
