import Kafka
import Logging

/// Passes on what librdkafka says.
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
