import Logging
import Outbox
import OutboxKafka
import Postgres
import Threads

/// Checks Kafka and writes the findings to the log. The start does not wait for it.
enum RelayPreflight {
    static func start(_ outbox: OutboxSettings, _ publisher: KafkaPublisherConfiguration, _ logger: Logger) throws {
        let preflight = KafkaPreflight(publisher, keepsRecords: outbox.relay.guarantee == .exactlyOnce)
        let thread = try ThreadExecutor(name: "relay-preflight")
        thread.submit { [relay = outbox.relay] in check(preflight, relay, logger) }
        thread.shutdown()
    }

    private static func check(_ preflight: KafkaPreflight, _ relay: RelayConfiguration, _ logger: Logger) {
        do {
            let findings = try preflight.inspectTopics(oldestRow: oldestRow(relay))
            let topics = findings.topics.prefix(20).map { topic in
                let limit = topic.maximumBytes.map(String.init) ?? "unknown"
                return "\(topic.name) (partitions \(topic.partitions), max.message.bytes \(limit))"
            }
            var metadata: Logger.Metadata = ["topics": "\(findings.topics.count)"]
            if !topics.isEmpty { metadata["known"] = "\(topics.joined(separator: ", "))" }
            logger.info("kafka pre-flight", metadata: metadata)
            for note in findings.notes { logger.notice("kafka pre-flight: \(note)") }
            for warning in findings.warnings { logger.warning("kafka pre-flight: \(warning)") }
            for error in findings.errors { logger.error("kafka pre-flight: \(error)") }
        } catch {
            logger.warning("kafka pre-flight: unknown, Kafka does not answer yet", metadata: ["why": "\(error)"])
        }
    }

    /// When the oldest row that waits was written, in microseconds since 1970; nil if none waits, or Postgres does not
    /// tell: the relay's own connections say why.
    private static func oldestRow(_ relay: RelayConfiguration) -> Int64? {
        var postgres = relay.postgres
        postgres.applicationName = "outbox-relay pre-flight"
        // There may be a transaction pooler.
        postgres.preparesStatements = false
        postgres.statementDeadline = KafkaPreflight.patience
        return try? OutboxOperator(PostgresConnection(postgres), schema: relay.schema).oldestWaiting()
    }
}
