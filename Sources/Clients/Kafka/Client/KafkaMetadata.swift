/// What the cluster says about itself and its topics.
public struct KafkaMetadata: Sendable {
    public struct Broker: Sendable, Hashable {
        public let id: Int32
        public let address: String
    }

    public struct Partition: Sendable, Hashable {
        public let index: Int32
        /// The leading broker's id, nil while there is none.
        public let leader: Int32?
        public let replicas: [Int32]
        public let inSyncReplicas: [Int32]
    }

    public struct Topic: Sendable {
        public let name: String
        public let partitions: [Partition]
        /// Why there are no partitions: unknown topic, not authorized.
        public let error: KafkaError?
    }

    public let brokers: [Broker]
    public let topics: [Topic]

    public func topic(_ name: String) -> Topic? { topics.first { $0.name == name } }
}

/// The offsets a partition holds: `low` is the oldest record's, `high` the next one to be produced.
public struct KafkaWatermarks: Sendable, Hashable {
    public let low: Int64
    public let high: Int64
}
