import Logging
import Outbox
import OutboxKafka
import Threads

/// Tells in the log what Kafka is like, beside the start, which does not wait for it.
enum RelayPreflight {
    static func start(_ outbox: OutboxSettings, _ publisher: KafkaPublisherConfiguration, _ logger: Logger) {
        let preflight = KafkaPreflight(publisher, keepsRecords: outbox.relay.guarantee == .exactlyOnce)
        let thread = ThreadExecutor(name: "relay-preflight")
        thread.submit { tell(preflight, logger) }
        thread.shutdown()
    }

    private static func tell(_ preflight: KafkaPreflight, _ logger: Logger) {
        do {
            let findings = try preflight.inspectTopics()
            let topics = findings.topics.prefix(20).map { topic in
                "\(topic.name) (partitions \(topic.partitions), max.message.bytes \(topic.maximumBytes.map(String.init) ?? "unknown"))"
            }
            var metadata: Logger.Metadata = ["topics": "\(findings.topics.count)"]
            if !topics.isEmpty { metadata["known"] = "\(topics.joined(separator: ", "))" }
            logger.info("kafka pre-flight", metadata: metadata)
            for warning in findings.warnings { logger.warning("kafka pre-flight: \(warning)") }
            for error in findings.errors { logger.error("kafka pre-flight: \(error)") }
        } catch {
            logger.warning("kafka pre-flight: unknown, Kafka does not answer yet", metadata: ["why": "\(error)"])
        }
    }
}
