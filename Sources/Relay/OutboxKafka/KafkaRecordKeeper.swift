import Kafka
import Outbox

/// Keeps an outbox's record in the checkpoint topic, with a client of its own, so that a refusal disturbs no row.
///
/// The key is not that of exactly-once delivery: a record that is written at intervals must not be taken for one that
/// was committed with its rows.
final class KafkaRecordKeeper: RecordKeeper {
    private let settings: KafkaConfiguration
    private var producer: KafkaProducer
    private var reports: KafkaDeliveryReader
    private let checkpoints: CheckpointTopic
    private var last: DeliveryRecord?
    /// The end of the topic up to which ``last`` is known; nil before it was read.
    private var knownEnd: Int64?
    private var written: UInt64 = 0

    init(_ configuration: KafkaPublisherConfiguration, outbox: OutboxOrigin) throws(KafkaError) {
        var configuration = configuration
        // What goes wrong here is told by the thrown errors: the rows' own client reports a Kafka that is away.
        configuration.sink = nil
        var producing = configuration.kafka
        producing["isolation.level"] = "read_uncommitted"
        settings = producing
        producer = try KafkaProducer(producing)
        reports = producer.deliveryReader(capacity: Self.reportCapacity)
        checkpoints = CheckpointTopic(configuration, key: outbox.transactionalID + "-at-least-once")
    }

    private static let reportCapacity = 16

    /// Takes certificates that were renewed; nothing is in flight between two calls.
    private func renew() throws(KafkaError) {
        guard producer.isOutdated else { return }
        producer = try KafkaProducer(settings)
        reports = producer.deliveryReader(capacity: Self.reportCapacity)
    }

    /// Costs one request if the topic has not grown since the last call.
    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord? {
        do {
            try renew()
            _ = reports.poll()
            let deadline = ContinuousClock.now + limit
            if knownEnd != nil, try checkpoints.end(producer, within: limit) == knownEnd { return last }
            last = try checkpoints.lastRecord(producer, within: deadline - .now)
            knownEnd = try checkpoints.end(producer, within: deadline - .now)
            return last
        } catch let error as KafkaError {
            throw PublishFailure(error.isRetriable || error.code == .timedOut ? .transient : .client, "\(error)")
        } catch let error as PublishFailure {
            throw error
        } catch {
            throw PublishFailure(.client, "\(error)")
        }
    }

    func write(_ record: DeliveryRecord, within limit: Duration) throws(PublishFailure) {
        let deadline = ContinuousClock.now + limit
        written += 1
        do throws(KafkaError) {
            let outcome = try checkpoints.publish(record, producer, deliveryID: written)
            if case .refused(let failure) = outcome { throw KafkaError(.fail, failure.explanation) }
        } catch {
            throw PublishFailure(.client, "\(error)")
        }
        while .now < deadline {
            while reports.poll() > 0 {
                for index in 0..<reports.count where reports[index].correlation == written {
                    let report = reports[index]
                    guard report.isDelivered else { throw PublishFailure(report.code) }
                    // Another relay's record may have come before this one: then the topic is read again.
                    if let knownEnd, report.offset == knownEnd {
                        self.knownEnd = knownEnd + 1
                        last = record
                    }
                    return
                }
            }
            reports.wait(upTo: max(.zero, deadline - .now))
        }
        throw PublishFailure(.transient, "the record was not acknowledged in time")
    }
}
