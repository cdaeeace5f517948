public import Kafka
import Outbox
import Threads

/// Reads, once at start, what Kafka says about the topics that rows will go to. It changes nothing: if Kafka is away or
/// an answer is missing, the relay starts all the same.
public struct KafkaPreflight: Sendable {
    /// What is known about one topic.
    public struct Topic: Equatable, Sendable {
        /// The topic's name.
        public var name: String
        /// How many partitions it has.
        public var partitions: Int
        /// nil if Kafka does not tell them: no admin API, no ACL, or too many topics.
        var settings: TopicSettings?
        /// The largest batch that brokers take, in bytes; nil if Kafka does not tell.
        public var maximumBytes: Int? { settings?.maximumBytes }
    }

    /// The answers, judged.
    public struct Findings: Equatable, Sendable {
        /// The topics that the template can name, sorted by name.
        public var topics: [Topic] = []
        /// What an operator may want to know. Defaults of Kafka are among it.
        public var notes: [String] = []
        /// Settings that an operator should know about.
        public var warnings: [String] = []
        /// Settings with which a guarantee of the relay does not hold.
        public var errors: [String] = []
    }

    /// The number of topics whose settings are asked for; the others are only listed.
    static let describedTopics = 10
    /// How long each request may take.
    public static let patience = Duration.seconds(10)

    private let configuration: KafkaPublisherConfiguration
    private let keepsRecords: Bool

    /// - Parameter keepsRecords: whether rows are delivered exactly once, so that the checkpoint topic counts as well.
    public init(_ configuration: KafkaPublisherConfiguration, keepsRecords: Bool = false) {
        self.configuration = configuration
        self.keepsRecords = keepsRecords
    }

    /// Asks Kafka. Blocks, for seconds if Kafka is away: call it on a thread of its own.
    ///
    /// - Parameter oldestRow: when the oldest row that waits was written, in microseconds since 1970; nil if none
    ///   waits, or it is unknown.
    public func inspectTopics(oldestRow: Int64? = nil) throws(KafkaError) -> Findings {
        var asking = configuration.kafka
        asking["transactional.id"] = nil
        let producer = try KafkaProducer(asking, sink: configuration.sink)
        // Errors of the connection, such as a refused login, wait in a queue that is read only here.
        defer { _ = producer.deliveryReader(capacity: 1).poll() }
        let metadata = try producer.metadata(topic: nil, within: Self.patience)
        var found = metadata.topics.filter { configuration.topic.matches($0.name) }.sorted { $0.name < $1.name }
            .map { Topic(name: $0.name, partitions: $0.partitions.count) }
        for index in found.indices.prefix(Self.describedTopics) {
            let settings = try? producer.topicConfiguration(found[index].name, within: Self.patience)
            guard let settings, settings["max.message.bytes"] != nil else { break }
            found[index].settings = TopicSettings(settings)
        }
        var findings = Self.judge(
            found, template: configuration.topic, ownLimit: Int(configuration.kafka["message.max.bytes"] ?? ""))
        // Postgres has infinite times.
        let age = oldestRow.map {
            max(0, (WallClock.microsecondsSince1970 - max($0, OutboxRow.times.lowerBound)) / 1000)
        }
        RecordForecast(topics: found, timestamp: configuration.recordTimestamp, oldestAge: age).add(to: &findings)
        if configuration.recordTimestamp == .created, let silent = found.first(where: { $0.settings == nil }) {
            findings.warnings.append(
                "topic \(silent.name): its settings are unknown; with RELAY_RECORD_TIMESTAMP=created a row that is "
                    + "older than retention.ms is acknowledged and deleted before it is read; allow DescribeConfigs on "
                    + "the topics, or set RELAY_RECORD_TIMESTAMP=publish")
        }
        let checkpoints = configuration.checkpointTopic
        // A topic that is not there yet is created by the relay, compacted.
        if keepsRecords, metadata.topic(checkpoints) != nil,
            let settings = try? producer.topicConfiguration(checkpoints, within: Self.patience)
        {
            Self.judge(checkpoints: checkpoints, settings, &findings)
        }
        return findings
    }

    /// Judges what happens to the records in a topic with these settings.
    static func judge(checkpoints topic: String, _ settings: [String: String], _ findings: inout Findings) {
        let policies = TopicSettings(settings).policies
        let remedy = "set cleanup.policy=compact"
        let limits = ["retention.ms", "retention.bytes"].filter { (settings[$0].flatMap { Int($0) } ?? -1) >= 0 }
        if policies.contains("delete"), !limits.isEmpty {
            let values = limits.map { "\($0)=\(settings[$0, default: ""])" }.joined(separator: ", ")
            findings.errors.append(
                "topic \(topic) forgets its records (cleanup.policy=\(policies.joined(separator: ",")), \(values)): "
                    + "a relay that finds none when it starts after a crash may publish rows twice; \(remedy)")
        } else if !policies.contains("compact") {
            findings.warnings.append(
                "topic \(topic) is not compacted: it grows with every transaction, and is read as a whole at every "
                    + "start; \(remedy)")
        }
    }

    /// - Parameter ownLimit: `message.max.bytes` where it is set; else librdkafka's default.
    static func judge(_ topics: [Topic], template: TopicTemplate, ownLimit: Int?) -> Findings {
        var findings = Findings(topics: topics)
        if topics.isEmpty {
            findings.warnings.append(
                "no topic matches \(template.text); where brokers do not create topics on use, keys will be parked")
        }
        let own = ownLimit ?? 1_000_000
        for topic in topics {
            guard let limit = topic.maximumBytes, limit < own else { continue }
            findings.warnings.append(
                "topic \(topic.name) takes at most \(limit) bytes, but KAFKA_MESSAGE_MAX_BYTES lets \(own) through: "
                    + "set it to \(limit), so that a row that is too large is parked and its neighbours are not refused"
            )
        }
        return findings
    }
}

extension TopicTemplate {
    /// Whether a topic could have been named by this template.
    func matches(_ name: String) -> Bool {
        var rest = name[...]
        var mayGrow = false
        for part in parts {
            guard case .text(let text) = part else {
                mayGrow = true
                continue
            }
            guard let found = mayGrow ? rest.dropFirst().firstRange(of: text) : rest.firstRange(of: text) else {
                return false
            }
            guard mayGrow || found.lowerBound == rest.startIndex else { return false }
            rest = rest[found.upperBound...]
            mayGrow = false
        }
        return mayGrow ? !rest.isEmpty : rest.isEmpty
    }
}
