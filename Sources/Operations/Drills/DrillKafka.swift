import Glibc
import Kafka

/// The Kafka of a drill: the embedded one, the strict one of the tests, or a given one.
final class DrillKafka {
    private static let partitions = 16
    private static let announcement = "KAFKA_BOOTSTRAP_SERVERS="
    private static let controlAnnouncement = "EMBEDDED_KAFKA_CONTROL="

    /// `host:port,…`
    let address: String
    /// What the names of the drill's topics and groups begin with: a given Kafka has others.
    let prefix: String
    private let settings: KafkaConfiguration?
    private let process: ChildProcess?
    private let control: Int?
    private var isEnded = false

    init(_ setup: DrillSetup, _ needs: DrillNeeds, in folder: String, id: String) throws {
        if let given = setup.kafka {
            (settings, process, control, prefix) = (given, nil, nil, "drill-\(id).")
            address = given["bootstrap.servers"] ?? ""
            try makeTopic()
            return
        }
        (settings, prefix) = (nil, "outbox.event.")
        let isStrict = setup.delivery == .exactlyOnce || needs.contains(.strictKafka)
        let path = ["PATH": "/usr/bin:/bin"]
        let process =
            isStrict
            ? try ChildProcess(
                "strict-kafka",
                ["/usr/bin/python3", "-B", setup.strictKafka, "--auto-create", "\(Self.partitions)"],
                environment: path.merging(["PYTHONUNBUFFERED": "1"]) { $1 }, log: folder + "/kafka.log", hasInput: true)
            : try ChildProcess(
                "embedded-kafka", [setup.programs + "/embedded-kafka"],
                environment: path.merging([
                    "EMBEDDED_KAFKA_TOPICS": "outbox.event.order:\(Self.partitions)",
                    "EMBEDDED_KAFKA_CONTROL": "127.0.0.1:0", "EMBEDDED_KAFKA_BROKERS": "2",
                ]) { $1 }, log: folder + "/kafka.log")
        self.process = process
        try Patience.until("the start of Kafka") { process.line(beginning: Self.announcement) != nil }
        address = process.line(beginning: Self.announcement) ?? ""
        guard !isStrict else {
            control = nil
            // Consumers are not ready before their topic is there.
            try makeTopic()
            return
        }
        try Patience.until("the start of Kafka's control") { process.line(beginning: Self.controlAnnouncement) != nil }
        let place = process.line(beginning: Self.controlAnnouncement) ?? ""
        control = place.split(separator: ":").last.flatMap { Int($0) }
    }

    private func makeTopic() throws {
        try KafkaProducer(configuration).createTopic(
            topic("order"), partitions: Self.partitions, within: .seconds(DrillLimits.startSeconds))
    }

    /// The topic of an aggregate type.
    func topic(_ aggregateType: String) -> String { prefix + aggregateType }

    var configuration: KafkaConfiguration {
        guard let settings else {
            var configuration = KafkaConfiguration(bootstrapServers: address)
            configuration["fetch.wait.max.ms"] = "10"
            return configuration
        }
        return settings
    }

    /// For services.
    ///
    /// - Parameter address: of a link, or of Kafka itself.
    func environment(at address: String) -> [String: String] {
        var variables = ["KAFKA_BOOTSTRAP_SERVERS": address]
        for (property, value) in settings?.settings ?? [:] where property != "bootstrap.servers" {
            variables["KAFKA_" + property.uppercased().replacing(".", with: "_")] = value
        }
        return variables
    }

    /// One line of its control protocol, such as `down`.
    func command(_ line: String) throws {
        guard let process else { throw DrillError("a given Kafka is not switched") }
        guard let control else {
            let before = process.lines(beginning: ["ok", "error"]).count
            try process.send(line)
            try Patience.until("an answer to '\(line)'") {
                process.lines(beginning: ["ok", "error"]).count > before
            }
            let answer = process.lines(beginning: ["ok", "error"]).last ?? ""
            guard answer.hasPrefix("ok") else { throw DrillError("Kafka answered '\(answer)' to '\(line)'") }
            return
        }
        let stream = try TCPStream(port: control)
        try stream.send(Array((line + "\n").utf8))
        let answer = try stream.line(until: .now + .seconds(DrillLimits.startSeconds))
        guard answer.hasPrefix("ok") else { throw DrillError("Kafka answered '\(answer)' to '\(line)'") }
    }

    deinit { end() }

    /// Ends an own Kafka, or removes what the drill made in a given one.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        guard let process else {
            guard let producer = try? KafkaProducer(configuration),
                let reader = try? KafkaConsumer(configuration, groupID: "drill"),
                let topics = try? reader.metadata(topic: nil, within: .seconds(DrillLimits.stopSeconds)).topics
            else { return }
            for topic in topics where topic.name.hasPrefix(prefix) {
                try? producer.deleteTopic(topic.name, within: .seconds(DrillLimits.stopSeconds))
            }
            return
        }
        process.signal(SIGKILL)
        _ = try? process.exit()
    }
}
