import Kafka
import Runtime

/// The settings of the embedded Kafka.
struct EmbeddedKafkaSettings {
    struct Topic {
        let name: String
        let partitions: Int
    }

    /// `EMBEDDED_KAFKA_BROKERS`, default 1.
    let brokers: Int
    /// `EMBEDDED_KAFKA_TOPICS`, for example `outbox.event.order:64,other:3`; default none. Topics nobody lists appear
    /// on first use, with 4 partitions.
    let topics: [Topic]
    /// `EMBEDDED_KAFKA_ADDRESS_FILE`: receives the bootstrap address once the cluster is ready; default none.
    let addressFile: String?
    /// `EMBEDDED_KAFKA_CONTROL`: the control socket, a path or `127.0.0.1:PORT`; default none.
    let control: ControlAddress?

    init(_ environment: EnvironmentReader) throws {
        brokers = environment.int("EMBEDDED_KAFKA_BROKERS", default: 1, in: 1...100)
        topics = Self.topics(environment)
        addressFile = environment.optionalString("EMBEDDED_KAFKA_ADDRESS_FILE")
        control = Self.control(environment)
        environment.reportUnknown(prefix: "EMBEDDED_KAFKA_")
        try environment.finish()
    }

    private static func topics(_ environment: EnvironmentReader) -> [Topic] {
        let variable = "EMBEDDED_KAFKA_TOPICS"
        var topics: [Topic] = []
        for entry in environment.string(variable, default: "").split(separator: ",") {
            let parts = entry.filter { $0 != " " }.split(separator: ":", omittingEmptySubsequences: false).map(
                String.init)
            guard parts.count == 2, KafkaTopic.isValid(parts[0]), let partitions = Int(parts[1]),
                (1...10_000).contains(partitions)
            else {
                environment.report(variable, "'\(entry)' is not NAME:PARTITIONS with 1 to 10000 partitions")
                continue
            }
            guard !topics.contains(where: { $0.name == parts[0] }) else {
                environment.report(variable, "topic \(parts[0]) is named twice")
                continue
            }
            topics.append(Topic(name: parts[0], partitions: partitions))
        }
        return topics
    }

    private static func control(_ environment: EnvironmentReader) -> ControlAddress? {
        guard let text = environment.optionalString("EMBEDDED_KAFKA_CONTROL") else { return nil }
        do {
            return try ControlAddress(text)
        } catch {
            environment.report("EMBEDDED_KAFKA_CONTROL", error.message)
            return nil
        }
    }
}
