import Kafka
import Logging
import Synchronization

/// The last error that librdkafka reported. librdkafka tries again for ever without failing a row, so nothing else
/// tells why no row gets through.
final class KafkaCondition: Sendable {
    private let last = Mutex<(text: String, at: ContinuousClock.Instant)?>(nil)
    /// Whether a quota slows the client down.
    let throttle = KafkaThrottle()

    /// Keeps an error, and what is said of quotas; other events are ignored.
    ///
    /// - Returns: what is news for the log.
    @discardableResult
    func note(_ event: KafkaClientEvent) -> String? {
        if case .error(let error) = event { last.withLock { $0 = ("\(error)", .now) } }
        return throttle.note(event)
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
            case .statistics, .throttled:
                break
            }
        }
    }
}
