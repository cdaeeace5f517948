import Kafka
import Outbox
import TestKit
import Testing
import Threads
import Values

@testable import OutboxKafka

/// What the ends of partitions tell about an outbox.
struct PublishedTailTests {
    private let origin = OutboxOrigin(systemIdentifier: 7, databaseOID: 5, timeline: 1, schema: "a")

    @Test func theRowsOfLaterCutsAreFoundAndThoseOfOtherOutboxesAreNot() async throws {
        let (origin, other) = (origin, OutboxOrigin(systemIdentifier: 7, databaseOID: 5, timeline: 1, schema: "b"))
        try await onThread {
            let broker = try TestBroker()
            try broker.createTopic(broker.topic, partitions: 4)
            let factory = KafkaPublisherFactory(broker.publisher)
            let nothing = try Self.tail(factory, origin, after: 0)
            #expect(nothing.newestCut == nil && nothing.rows.isEmpty && nothing.isComplete)
            let first = try Self.publish(factory, origin, cuts: 1...600)
            _ = try Self.publish(factory, other, cuts: 9_000...9_900)
            // A producer that knows no cuts.
            _ = try Self.publish(factory, origin, cuts: 0...0)
            for cut in [600, 598, 0] as [Int64] {
                let found = try Self.tail(factory, origin, after: cut)
                #expect(found.newestCut == 600)
                #expect(found.isComplete)
                #expect(Set(found.rows.map(\.cut)) == Set(cut < 600 ? Array(cut + 1...600) : []))
                #expect(Set(found.rows.compactMap(\.eventID)) == Set(first.filter { $0.key > cut }.values))
            }
            #expect(try Self.tail(factory, other, after: 9_899).rows.map(\.cut) == [9_900])
        }
    }

    @Test func theRecordOfAtLeastOnceDeliveryIsReadBackByAnotherKeeper() async throws {
        let origin = origin
        try await onThread {
            let broker = try TestBroker()
            try broker.createTopic(broker.publisher.checkpointTopic, partitions: 1)
            let factory = KafkaPublisherFactory(broker.publisher)
            let (one, two) = (try factory.makeRecordKeeper(for: origin), try factory.makeRecordKeeper(for: origin))
            #expect(try Self.record(one) == nil)
            for cut in [1, 2, 3] as [Int64] {
                let record = DeliveryRecord(origin: origin, epoch: 1, cut: cut, through: cut * 10)
                try (cut == 2 ? two : one)?.write(record, within: .seconds(30))
                #expect(try Self.record(one) == record)
                #expect(try Self.record(two) == record)
            }
        }
    }

    /// Of several brokers one may not know a new topic yet: it is asked again, as a relay does.
    private static func record(_ keeper: (any RecordKeeper)?) throws -> DeliveryRecord? {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do throws(PublishFailure) {
                return try keeper?.lastRecord(within: .seconds(30))
            } catch {
                guard error.kind == .transient, .now < deadline else { throw error }
            }
        }
    }

    private static func tail(
        _ factory: KafkaPublisherFactory, _ origin: OutboxOrigin, after cut: Int64
    ) throws -> PublishedRows {
        try factory.publishedRows(of: origin, after: cut, guarantee: .atLeastOnce, within: .seconds(30))
    }

    /// One row for each cut; their event ids.
    private static func publish(
        _ factory: KafkaPublisherFactory, _ origin: OutboxOrigin, cuts: ClosedRange<Int64>
    ) throws -> [Int64: UUIDBytes] {
        let wake = try WakeDescriptor()
        let publisher = try factory.makePublisher(wake: wake)
        var published: [Int64: UUIDBytes] = [:]
        var reports = 0
        let deadline = ContinuousClock.now + .seconds(60)
        func takeReports() {
            let before = reports
            publisher.takeReports { _, failure in
                #expect(failure == nil)
                reports += 1
            }
            if reports == before { wake.wait(until: .now + .seconds(1)) }
        }
        for cut in cuts {
            try PublisherDesk.withRow(cut) { row in
                var row = row
                row.cut = cut
                row.outboxTag = origin.tag
                published[cut] = row.eventID
                // The first row to each partition goes alone.
                while true {
                    let outcome = publisher.publish(row, deliveryID: UInt64(cut))
                    if outcome == .queued { return }
                    guard outcome == .full, .now < deadline else { throw TestFailure("cut \(cut): \(outcome)") }
                    takeReports()
                }
            }
        }
        while reports < cuts.count, .now < deadline { takeReports() }
        #expect(reports == cuts.count)
        return published
    }
}
