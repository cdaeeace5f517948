import ArgumentParser
import Kafka
import Runtime
import Values

/// Creates the topic of an aggregate type before its first row, with a number of partitions that can stay.
struct TopicCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topic",
        abstract: "Creates a topic if the brokers lack it.",
        discussion: """
            The brokers come from KAFKA_BOOTSTRAP_SERVERS; every other librdkafka property is KAFKA_ and its name in \
            capitals with underscores, as for the services. Partitions that are added later move keys and break their \
            order, so choose enough. A topic that is there already is left as it is.

            Example:
              outboxctl topic outbox.event.order --partitions 64
            """)

    /// The time in which the brokers must have created the topic and named a leader of each partition.
    private static let limit: Duration = .seconds(30)

    @Argument(help: "The topic, for instance outbox.event.order.")
    var name: String
    @Option(help: "How many partitions, 1 to 10000.")
    var partitions = 64
    @Option(help: "How many replicas; without it, the brokers' default.replication.factor.")
    var replicas: Int?
    @OptionGroup var addresses: AddressOptions
    @OptionGroup var output: JSONOption

    /// A topic that is there now.
    private struct Outcome: Encodable {
        let topic: String
        let partitions: Int
        let isCreated: Bool
    }

    func validate() throws {
        guard (1...10_000).contains(partitions) else {
            throw ValidationError("--partitions: \(partitions) is not in 1...10000")
        }
        guard (1...Int(Int16.max)).contains(replicas ?? 1) else {
            throw ValidationError("--replicas: \(replicas ?? 0) is not in 1...\(Int16.max)")
        }
    }

    func run() throws {
        let producer = try KafkaProducer(Self.brokers())
        let deadline = ContinuousClock.now + Self.limit
        // Asking for one topic by name would have the brokers create it, with their default number of partitions.
        if let known = try producer.metadata(topic: nil, within: Self.limit).topic(name), !known.partitions.isEmpty {
            let count = known.partitions.count
            return try output.show(Outcome(topic: name, partitions: count, isCreated: false)) {
                print("\(name) exists with \(count) partitions")
            }
        }
        try producer.createTopic(name, partitions: partitions, replicas: replicas, within: Self.limit)
        try waitForLeaders(producer, until: deadline)
        try output.show(Outcome(topic: name, partitions: partitions, isCreated: true)) {
            print("created \(name) with \(partitions) partitions")
        }
    }

    /// Brokers learn of a new topic one after the other.
    private func waitForLeaders(_ producer: KafkaProducer, until deadline: ContinuousClock.Instant) throws {
        let reader = producer.deliveryReader()
        while true {
            let topic = try producer.metadata(topic: name, within: Self.limit).topic(name)
            if let topic, topic.partitions.count >= partitions, topic.partitions.allSatisfy({ $0.leader != nil }) {
                return
            }
            guard .now < deadline else {
                throw KafkaError(.timedOut, "\(name) has no leaders after \(DurationText.words(Self.limit))")
            }
            reader.wait(upTo: .milliseconds(100))
        }
    }

    private static func brokers() -> KafkaConfiguration {
        let environment = EnvironmentReader(StackAddresses.environment)
        let kafka = KafkaConfiguration.fromEnvironment(environment.all) { environment.report($0.variable, $0.message) }
        for fault in kafka.faults(of: .producer) { environment.report(fault.variable, fault.message) }
        do {
            try environment.finish()
        } catch {
            ServiceProcess.refuse(error, name: "outboxctl topic")
        }
        return kafka
    }
}
