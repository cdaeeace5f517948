import Kafka
import Outbox

/// Keeps an outbox's record in the checkpoint topic. It writes with a client of its own, so that a refusal disturbs no
/// row, and has this client only while there is something to write.
///
/// The key is not that of exactly-once delivery: a record that is written at intervals must not be taken for one that
/// was committed with its rows.
final class KafkaRecordKeeper: RecordKeeper {
    private let asking: AskingClient
    private let kafka: KafkaConfiguration
    private var writer: (producer: KafkaProducer, reports: KafkaDeliveryReader)?
    /// How many times in succession ``rest()`` found nothing written.
    private var rests = 0
    /// The publisher's client is asked only on a thread that may close it.
    private var borrows = false
    private let checkpoints: CheckpointTopic
    private var last: DeliveryRecord?
    /// The end of the topic up to which ``last`` is known; nil before it was read.
    private var knownEnd: Int64?
    private var written: UInt64 = 0

    /// Rests after which the client that writes is closed.
    private static let restsOfWriter = 3

    init(_ configuration: KafkaPublisherConfiguration, _ asking: AskingClient, outbox: OutboxOrigin) {
        var configuration = configuration
        // What goes wrong here is told by the thrown errors: the rows' own client reports a Kafka that is away.
        configuration.sink = nil
        kafka = configuration.kafka
        self.asking = asking
        checkpoints = CheckpointTopic(configuration, key: outbox.transactionalID + "-at-least-once")
    }

    /// Costs one request if the topic has not grown since the last call.
    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord? {
        _ = writer?.reports.poll()
        do {
            let deadline = ContinuousClock.now + limit
            if knownEnd != nil {
                let asked = borrows ? try asking.borrowed() : try asking.own()
                if try checkpoints.end(asked, within: limit) == knownEnd { return last }
            }
            let producer = try asking.own()
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
        let (producer, reports) = try openWriter()
        written += 1
        rests = 0
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

    private func openWriter() throws(PublishFailure) -> (producer: KafkaProducer, reports: KafkaDeliveryReader) {
        // Nothing is in flight between two calls: a client with certificates that were renewed since is left.
        if let writer, !writer.producer.isOutdated { return writer }
        do {
            let producer = try KafkaProducer(kafka)
            let opened = (producer, producer.deliveryReader(capacity: 16))
            writer = opened
            return opened
        } catch {
            throw PublishFailure(.client, "\(error)")
        }
    }

    func rest() {
        borrows = true
        rests += 1
        if rests > Self.restsOfWriter { writer = nil }
        asking.tidy()
    }
}
