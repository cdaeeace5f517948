import Kafka
import Operations
import OutboxKafka

/// The partitions that an audit reads, and how far: what was there when it asked.
struct TopicEnds: Sendable {
    struct Partition: Sendable {
        var place: KafkaPartition
        var low: Int64
        var high: Int64
    }

    /// By topic, in the order of their names.
    var topics: [(name: String, partitions: [Partition])] = []
    var clusterID: String

    /// Asks the brokers. A reader of committed messages would be told an earlier end.
    ///
    /// - Throws: `KafkaError` when the brokers are away.
    init(_ kafka: KafkaConfiguration, _ request: AuditRequest) throws {
        var asking = kafka
        asking["isolation.level"] = "read_uncommitted"
        let limit = Duration.milliseconds(VerifyLimits.kafkaMilliseconds)
        let consumer = try KafkaConsumer(asking, groupID: "topic-reader")
        clusterID = try consumer.clusterID(within: limit)
        for topic in try consumer.metadata(topic: nil, within: limit).topics.sorted(by: { $0.name < $1.name })
        where Self.isMeant(topic.name, request) {
            let partitions = try topic.partitions.map { partition in
                let place = KafkaPartition(topic: topic.name, index: partition.index)
                let marks = try consumer.watermarks(place, within: limit)
                return Partition(place: place, low: marks.low, high: marks.high)
            }
            topics.append((topic.name, partitions.sorted { $0.place < $1.place }))
        }
        consumer.close(within: limit)
    }

    /// With a filter by type, other topics are not read, where the type decides the topic.
    private static func isMeant(_ topic: String, _ request: AuditRequest) -> Bool {
        guard request.topics.canName(topic), topic != request.checkpointTopic else { return false }
        guard let type = request.aggregateType, request.namesTopicsByType else { return true }
        return topic == request.topics.name(aggregateType: type, eventType: "")
    }

    var records: Int64 { topics.reduce(0) { $0 + $1.partitions.reduce(0) { $0 + $1.high - $1.low } } }
    var partitions: [Partition] { topics.flatMap(\.partitions) }
}
