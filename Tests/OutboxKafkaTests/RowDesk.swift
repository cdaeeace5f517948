import Kafka
import Outbox
import Synchronization
import TestKit
import Threads

@testable import OutboxKafka

/// A publisher without transactions, with the reports it gave.
final class RowDesk {
    private let publisher: any Publisher
    private let wake: WakeDescriptor
    /// Compares what was published with what Kafka has.
    let watch: KafkaTopicWatch
    private let told = Told()
    private(set) var published: [Int64] = []
    private(set) var failures: [PublishFailure] = []
    private var offered = 0

    init(_ broker: TestBroker, _ settings: [String: String] = [:]) throws {
        var configuration = broker.publisher
        for (property, value) in settings { configuration.kafka[property] = value }
        configuration.lossSink = { [told] in told.note($0) }
        configuration.growthSink = { [told] in told.note($0) }
        wake = try WakeDescriptor()
        let factory = KafkaPublisherFactory(configuration)
        publisher = try factory.makePublisher(wake: wake)
        watch = factory.makeTopicWatch()
    }

    /// The records that the publisher and the watch found gone.
    var losses: [RecordLoss] { told.losses }

    /// The partitions that the watch found added.
    var growths: [TopicGrowth] { told.growths }

    /// Publishes a row of one key, when there is room for it.
    func publish(_ number: Int64) throws {
        let offer = { PublisherDesk.withRow(number) { self.publisher.publish($0, deliveryID: UInt64(number)) } }
        var outcome = offer()
        while outcome == .full {
            try report()
            outcome = offer()
        }
        guard outcome == .queued else { throw TestFailure("row \(number): \(outcome)") }
        offered += 1
    }

    /// Takes reports until each row has one.
    func settle() throws {
        while published.count + failures.count < offered { try report() }
    }

    /// Waits for the next reports.
    private func report() throws {
        let before = published.count + failures.count
        let deadline = ContinuousClock.now + .seconds(60)
        while published.count + failures.count == before {
            guard .now < deadline else { throw TestFailure("a report is missing") }
            publisher.takeReports { deliveryID, failure in
                if let failure { failures.append(failure) } else { published.append(Int64(deliveryID)) }
            }
            if published.count + failures.count == before { wake.wait(until: .now + .seconds(1)) }
        }
    }
}

/// The losses that a sink was told, on any thread.
final class Told: Sendable {
    private let list = Mutex<[RecordLoss]>([])
    private let grown = Mutex<[TopicGrowth]>([])

    func note(_ growth: TopicGrowth) { grown.withLock { $0.append(growth) } }

    var growths: [TopicGrowth] { grown.withLock { $0 } }

    func note(_ loss: RecordLoss) { list.withLock { $0.append(loss) } }

    var losses: [RecordLoss] { list.withLock { $0 } }
}
