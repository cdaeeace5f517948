import Glibc
import Kafka

/// The Kafka of a drill: the embedded one, or the strict one for exactly-once delivery.
final class DrillKafka {
    static let topic = "outbox.event.order"
    private static let partitions = 16
    private static let announcement = "KAFKA_BOOTSTRAP_SERVERS="
    private static let controlAnnouncement = "EMBEDDED_KAFKA_CONTROL="

    let address: String
    private let process: ChildProcess
    private let control: Int?

    init(_ setup: DrillSetup, in folder: String) throws {
        let isStrict = setup.delivery == .exactlyOnce
        let path = ["PATH": "/usr/bin:/bin"]
        process =
            isStrict
            ? try ChildProcess(
                "strict-kafka",
                ["/usr/bin/python3", "-B", setup.strictKafka, "--auto-create", "\(Self.partitions)"],
                environment: path.merging(["PYTHONUNBUFFERED": "1"]) { $1 }, log: folder + "/kafka.log", hasInput: true)
            : try ChildProcess(
                "embedded-kafka", [setup.programs + "/embedded-kafka"],
                environment: path.merging([
                    "EMBEDDED_KAFKA_TOPICS": "\(Self.topic):\(Self.partitions)",
                    "EMBEDDED_KAFKA_CONTROL": "127.0.0.1:0", "EMBEDDED_KAFKA_BROKERS": "2",
                ]) { $1 }, log: folder + "/kafka.log")
        let process = process
        try Patience.until("the start of Kafka") { process.line(beginning: Self.announcement) != nil }
        address = process.line(beginning: Self.announcement) ?? ""
        guard !isStrict else {
            control = nil
            // Consumers are not ready before their topic is there.
            try KafkaProducer(KafkaConfiguration(bootstrapServers: address)).createTopic(
                Self.topic, partitions: Self.partitions, within: .seconds(DrillLimits.startSeconds))
            return
        }
        try Patience.until("the start of Kafka's control") { process.line(beginning: Self.controlAnnouncement) != nil }
        let place = process.line(beginning: Self.controlAnnouncement) ?? ""
        control = place.split(separator: ":").last.flatMap { Int($0) }
    }

    var configuration: KafkaConfiguration {
        var configuration = KafkaConfiguration(bootstrapServers: address)
        configuration["fetch.wait.max.ms"] = "10"
        return configuration
    }

    /// One line of its control protocol, such as `down`.
    func command(_ line: String) throws {
        guard let control else { return try process.send(line) }
        let stream = try TCPStream(port: control)
        try stream.send(Array((line + "\n").utf8))
        let answer = try stream.line(until: .now + .seconds(DrillLimits.startSeconds))
        guard answer.hasPrefix("ok") else { throw DrillError("Kafka answered '\(answer)' to '\(line)'") }
    }

    func end() {
        process.signal(SIGKILL)
        _ = try? process.exit()
    }
}
