import Kafka
import Logging
import Synchronization

/// The last error that librdkafka reported. librdkafka tries again for ever without failing a row, so nothing else
/// tells why no row gets through.
final class KafkaCondition: Sendable {
    private let last = Mutex<(text: String, at: ContinuousClock.Instant)?>(nil)

    /// Keeps an error; other events are ignored.
    func note(_ event: KafkaClientEvent) {
        guard case .error(let error) = event else { return }
        last.withLock { $0 = ("\(error)", .now) }
    }

    /// The error, unless Kafka has acknowledged a row since.
    func lastError(since acknowledged: ContinuousClock.Instant?) -> String? {
        last.withLock { last in
            guard let last else { return nil }
            guard let acknowledged, acknowledged > last.at else { return last.text }
            return nil
        }
    }
}

/// Writes the events of librdkafka to the log.
enum KafkaLog {
    static func sink(_ logger: Logger) -> KafkaEventSink {
        { event in
            switch event {
            case .log(let level, let facility, let message):
                logger.log(
                    level: level <= 3 ? .warning : .debug, "kafka: \(message)", metadata: ["facility": "\(facility)"])
            case .error(let error):
                logger.log(level: error.isFatal ? .error : .warning, "kafka: \(error)")
            case .statistics:
                break
            }
        }
    }
}
