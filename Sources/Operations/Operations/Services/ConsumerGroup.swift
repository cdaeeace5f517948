public import Kafka
import Outbox
import Projection

/// How far a consumer of the outbox's topics has come.
public struct ConsumerGroup: Codable, Sendable {
    /// The group's name.
    public var name: String
    /// The topic that it reads.
    public var topic: String
    /// How many the topic has.
    public var partitions: Int
    /// Records that it has not taken yet; nil if its position is unknown.
    public var lag: Int64?
    /// Where the positions come from: `postgres` or `kafka`.
    public var positionsIn: String
    /// Something to know: no positions yet, a comparison with the event store.
    public var note: String?
}

extension OperatorDesk {
    /// The statements of one ``projectionLag(_:topic:)``, with those of its transaction.
    public static let statementsOfLag = 6

    /// How far the projection is behind Kafka: its positions are in the database. nil in a database without a
    /// projection.
    ///
    /// - Throws: `PostgresError`; `KafkaError` when Kafka is away.
    public func projectionLag(_ kafka: KafkaConfiguration, topic: String) throws -> ConsumerGroup? {
        guard try hasTable("order_projection_offset") else { return nil }
        let (positions, healing) = try reading {
            (try ProjectionReader(connection).positions(), try ProjectionReader(connection).healing())
        }
        let known = Dictionary(
            positions.filter { $0.topic == topic }.map {
                (KafkaPartition(topic: topic, index: $0.partition), $0.nextOffset)
            },
            uniquingKeysWith: max)
        var group = try ConsumerLag(kafka).group("projection", topic: topic, positions: { _, _ in known })
        group.positionsIn = "postgres"
        if let healing {
            group.note = "all orders are being compared with the event store: \(healing.reason)"
        }
        return group
    }
}

/// Asks Kafka how far consumers are. Blocks.
public struct ConsumerLag: Sendable {
    private let configuration: KafkaConfiguration

    /// - Parameter configuration: with `bootstrap.servers`.
    public init(_ configuration: KafkaConfiguration) { self.configuration = configuration }

    /// The lag of a group that commits its offsets to Kafka.
    ///
    /// - Throws: `KafkaError` when Kafka is away.
    public func group(_ name: String, topic: String) throws -> ConsumerGroup {
        try group(name, topic: topic) { consumer, partitions in
            try consumer.committed(partitions, within: .milliseconds(OperationsLimits.kafkaMilliseconds))
        }
    }

    func group(
        _ name: String, topic: String,
        positions: (KafkaConsumer, [KafkaPartition]) throws -> [KafkaPartition: Int64]
    ) throws -> ConsumerGroup {
        let limit = Duration.milliseconds(OperationsLimits.kafkaMilliseconds)
        let deadline = ContinuousClock.now + limit
        let consumer = try KafkaConsumer(configuration, groupID: name)
        let known = try consumer.metadata(topic: topic, within: limit).topic(topic)
        let partitions = (known?.partitions ?? []).map { KafkaPartition(topic: topic, index: $0.index) }
        var group = ConsumerGroup(name: name, topic: topic, partitions: partitions.count, positionsIn: "kafka")
        guard !partitions.isEmpty else {
            group.note = "there is no topic \(topic)"
            return group
        }
        let positions = try positions(consumer, partitions)
        guard !positions.isEmpty else {
            group.note = "it has no positions yet"
            return group
        }
        var lag: Int64 = 0
        for partition in partitions {
            let marks = try consumer.watermarks(partition, within: max(deadline - .now, .milliseconds(1)))
            lag += max(0, marks.high - max(positions[partition] ?? marks.low, marks.low))
        }
        group.lag = lag
        return group
    }
}
