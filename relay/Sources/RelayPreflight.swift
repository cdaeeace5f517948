import Logging
import Messaging
import Threads

/// Tells in the log what Kafka is like, beside the start, which does not wait for it.
enum RelayPreflight {
    static func start(_ publisher: KafkaPublisherConfiguration, _ logger: Logger) {
        let thread = ThreadExecutor(name: "relay-preflight")
        thread.submit { tell(publisher, logger) }
        thread.shutdown()
    }

    private static func tell(_ publisher: KafkaPublisherConfiguration, _ logger: Logger) {
        do {
            let findings = try KafkaPreflight(publisher).look()
            let topics = findings.topics.prefix(20).map { topic in
                "\(topic.name) (partitions \(topic.partitions), max.message.bytes \(topic.maximumBytes.map(String.init) ?? "unknown"))"
            }
            logger.info(
                "kafka pre-flight", metadata: ["topics": "\(findings.topics.count)", "known": "\(topics.joined(separator: ", "))"])
            for warning in findings.warnings { logger.warning("kafka pre-flight: \(warning)") }
        } catch {
            logger.warning("kafka pre-flight: unknown, Kafka does not answer yet", metadata: ["why": "\(error)"])
        }
    }
}
