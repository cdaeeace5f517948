import Foundation
public import Kafka

/// The Kafka of one test: a mock cluster of its own, or the cluster that `KAFKA_BOOTSTRAP_SERVERS` names (`make
/// test-kafka`), with topics and groups whose names no other test has. Its calls block: use a thread of its own.
public final class TestKafka: Sendable {
    /// Whether tests run against a Kafka from outside. `make test` makes sure that they do not.
    public static let isExternal = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"]?.isEmpty == false

    /// The time limit for every partition of a new topic to get a leader.
    private static let creationLimit = Duration.seconds(60)

    private let mock: KafkaMockCluster?
    /// The settings with which a client reaches the cluster, credentials included.
    public let configuration: KafkaConfiguration
    private let mark: String

    /// - Parameter brokers: the number of brokers of a mock cluster; a Kafka from outside has its own.
    public convenience init(brokers: Int = 1) throws {
        if Self.isExternal {
            self.init(nil, try KafkaConfiguration.fromEnvironment(ProcessInfo.processInfo.environment))
        } else {
            self.init(try KafkaMockCluster(brokers: brokers))
        }
    }

    /// For a test that must switch brokers off: the given mock cluster, also where other tests use a Kafka from
    /// outside.
    public convenience init(_ mock: KafkaMockCluster) {
        self.init(mock, KafkaConfiguration(bootstrapServers: mock.bootstrapServers))
    }

    /// For a test of transactions, which the mock cluster does not check.
    public convenience init(_ strict: StrictKafka) {
        self.init(nil, KafkaConfiguration(bootstrapServers: strict.address))
    }

    private init(_ mock: KafkaMockCluster?, _ configuration: KafkaConfiguration) {
        self.mock = mock
        self.configuration = configuration
        mark = UUID().uuidString.prefix(8).lowercased()
    }

    /// The configuration for members of a group. The mock cluster does not end a waiting fetch when data arrives, and a
    /// rebalance there takes a whole session timeout.
    public var memberConfiguration: KafkaConfiguration {
        var result = configuration
        for (property, value) in [
            ("fetch.wait.max.ms", "10"), ("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "200"),
            ("topic.metadata.refresh.interval.ms", "500"), ("reconnect.backoff.max.ms", "200"),
        ] {
            result[property] = value
        }
        return result
    }

    /// A name that no other test uses.
    public func name(_ what: String) -> String { "test-\(mark)-\(what)" }

    /// Creates a topic of that name, and waits until it can be written.
    ///
    /// - Parameters:
    ///   - partitions: 4 wherever it does not matter; a cluster without admin API makes just that many.
    ///   - settings: such as `cleanup.policy`; the mock cluster has none.
    public func topic(_ what: String = "orders", partitions: Int, settings: [String: String] = [:]) throws -> String {
        let topic = name(what)
        if let mock {
            try mock.createTopic(topic, partitions: partitions)
        } else {
            try create(topic, partitions, settings)
        }
        return topic
    }

    private func create(_ topic: String, _ partitions: Int, _ settings: [String: String]) throws {
        let client = try KafkaProducer(configuration)
        var partitions = partitions
        do throws(KafkaError) {
            try client.createTopic(topic, partitions: partitions, configuration: settings, within: Self.creationLimit)
        } catch {
            // A cluster without admin API, such as the embedded one, makes topics when they are asked for.
            guard error.code == .unsupportedFeature else { throw error }
            partitions = 1
        }
        let reader = client.deliveryReader()
        let deadline = ContinuousClock.now + Self.creationLimit
        // Brokers learn of a new topic one after the other.
        while true {
            let known = try client.metadata(topic: topic, within: Self.creationLimit).topic(topic)
            if let known, known.error == nil, known.partitions.count >= partitions,
                known.partitions.allSatisfy({ $0.leader != nil && isLed($0.index, of: topic, by: client) })
            {
                return
            }
            guard .now < deadline else { throw TestFailure("\(topic) has no leaders after \(Self.creationLimit)") }
            reader.wait(upTo: .milliseconds(100))
        }
    }

    /// A leader that metadata names may not know it yet.
    private func isLed(_ partition: Int32, of topic: String, by client: KafkaProducer) -> Bool {
        (try? client.watermarks(KafkaPartition(topic: topic, index: partition), within: Self.creationLimit)) != nil
    }
}
