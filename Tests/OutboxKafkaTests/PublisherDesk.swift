import Kafka
import Outbox
import Postgres
import TestKit
import Threads
import Values

@testable import OutboxKafka

/// A transactional publisher at work, with the reports it gave.
final class PublisherDesk {
    static let outbox = OutboxOrigin(systemIdentifier: 7, databaseOID: 5, timeline: 1, schema: "outbox_relay")

    let publisher: any TransactionalPublisher
    /// What made it; another one made by it knows what it knows.
    let factory: KafkaPublisherFactory
    private let wake: WakeDescriptor
    private(set) var failures: [PublishFailure] = []
    private var reported = 0
    private var offered = 0

    /// - Parameter id: the `transactional.id`; by default the test's.
    convenience init(_ broker: TestBroker, id: String? = nil, settings: [String: String] = [:]) throws {
        var configuration = broker.publisher
        configuration.kafka["transactional.id"] = id ?? broker.name
        for (property, value) in settings { configuration.kafka[property] = value }
        try self.init(KafkaPublisherFactory(configuration))
    }

    init(_ factory: KafkaPublisherFactory) throws {
        wake = try WakeDescriptor()
        self.factory = factory
        publisher = try factory.makeTransactionalPublisher(for: Self.outbox, wake: wake)
    }

    /// Opens it and reads the record back, as often as it takes.
    func open(within limit: Duration = .seconds(60)) throws -> DeliveryRecord? {
        let deadline = ContinuousClock.now + limit
        while true {
            do {
                try publisher.open(within: .seconds(10))
                return try publisher.lastRecord(within: .seconds(10))
            } catch {
                guard error.kind == .transient, ContinuousClock.now < deadline else { throw error }
            }
        }
    }

    /// Publishes rows of one key with these numbers. Where there is no room for a row, it waits for reports.
    func publish(_ rows: ClosedRange<Int64>) throws {
        for number in rows {
            var outcome = offer(number)
            let deadline = ContinuousClock.now + .seconds(60)
            while outcome == .full, .now < deadline {
                wake.wait(until: .now + .seconds(1))
                takeReports()
                outcome = offer(number)
            }
            guard outcome == .queued else { throw TestFailure("row \(number): \(outcome)") }
            offered += 1
        }
    }

    /// What becomes of offering a row of this number.
    func offer(_ number: Int64) -> PublishOutcome {
        Self.withRow(number) { publisher.publish($0, deliveryID: UInt64(number)) }
    }

    func publish(_ record: DeliveryRecord) throws {
        let outcome = publisher.publish(record, deliveryID: .max)
        guard outcome == .queued else { throw TestFailure("record: \(outcome)") }
        offered += 1
    }

    /// Takes reports until everything that was offered has one.
    func settle(within limit: Duration = .seconds(60)) throws {
        let deadline = ContinuousClock.now + limit
        while reported < offered {
            takeReports()
            guard ContinuousClock.now < deadline else { throw TestFailure("\(offered - reported) reports are missing") }
        }
    }

    private func takeReports() {
        publisher.takeReports { _, failure in
            reported += 1
            if let failure { failures.append(failure) }
        }
    }

    func commit() throws {
        while try !publisher.commit(within: .seconds(10)) {}
    }

    static func record(cut: Int64, through: Int64) -> DeliveryRecord {
        DeliveryRecord(origin: outbox, epoch: 1, cut: cut, through: through)
    }

    static func withRow<T>(_ number: Int64, _ body: (OutboxRow) throws -> T) rethrows -> T {
        try Array("order".utf8).withUnsafeBytes { type in
            try Array("k".utf8).withUnsafeBytes { key in
                try Array("\(number)".utf8).withUnsafeBytes { payload in
                    try body(
                        OutboxRow(
                            outboxID: number, eventID: .v7(), aggregateType: type, aggregateID: key,
                            sequenceNumber: number,
                            eventType: type, payload: payload, headers: UnsafeRawBufferPointer(start: nil, count: 0),
                            createdAt: 0,
                            epoch: 1))
                }
            }
        }
    }
}

extension TestBroker {
    /// The numbers of the rows a reader of committed messages finds.
    func rows(isolation: String = "read_committed") throws -> [Int64] {
        try records(topic, isolation: isolation).compactMap {
            $0.value.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        }
    }
}
