import Kafka
import Runtime

/// The settings of the embedded Kafka.
struct EmbeddedKafkaSettings {
    /// A topic to create at start.
    struct Topic {
        let name: String
        let partitions: Int
    }

    /// `EMBEDDED_KAFKA_BROKERS`, default 1.
    let brokers: Int
    /// `EMBEDDED_KAFKA_TOPICS`, for example `outbox.event.order:64,other:3`; default none. Other
    /// topics appear on first use, with 4 partitions.
    let topics: [Topic]
    /// `EMBEDDED_KAFKA_ADDRESS_FILE`: receives the bootstrap address once the cluster is ready; default none.
    let addressFile: String?
    /// `EMBEDDED_KAFKA_CONTROL`: the control socket, a path or `127.0.0.1:PORT`; default none.
    let control: ControlAddress?

    /// - Throws: `ConfigurationError` with every problem.
    init(_ environment: EnvironmentReader) throws {
        brokers = environment.int("EMBEDDED_KAFKA_BROKERS", default: 1, in: 1...KafkaLimits.mockBrokers)
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
                (1...KafkaLimits.mockPartitionsPerTopic).contains(partitions)
            else {
                environment.report(
                    variable,
                    "'\(entry)' is not NAME:PARTITIONS with 1 to \(KafkaLimits.mockPartitionsPerTopic) partitions")
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

/// The address of the control socket. It is reachable from this machine only, because the socket accepts commands
/// without authentication.
enum ControlAddress: Equatable {
    /// A Unix-domain socket at this path.
    case path(String)
    /// TCP on 127.0.0.1; port 0 asks the system for a free one.
    case loopback(port: UInt16)

    /// The kernel's `sun_path` has 108 bytes, one of them for the final NUL.
    static let longestPathBytes = 107

    /// A text that is no address.
    struct Malformed: Error {
        /// What is wrong, and what is expected.
        let message: String
    }

    /// Reads a path, which has a `/`, or `127.0.0.1:PORT`.
    init(_ text: String) throws(Malformed) {
        if text.contains("/") {
            guard text.utf8.count <= Self.longestPathBytes else {
                throw Malformed(
                    message: "a socket path ends at \(Self.longestPathBytes) bytes, this one has \(text.utf8.count); "
                        + "use a shorter path, or 127.0.0.1:PORT")
            }
            self = .path(text)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "127.0.0.1" || parts[0] == "localhost", let port = UInt16(parts[1]) else {
            throw Malformed(message: "'\(text)' is neither a path with a / nor 127.0.0.1:PORT")
        }
        self = .loopback(port: port)
    }
}
