public import Kafka
public import Logging
public import Projection
public import Threads

/// The projector's messages from Kafka.
public final class KafkaProjectionSource: Projection.MessageSource {
    private let member: KafkaTopicMember
    private let maximumBatchMessages: Int

    /// - Parameters:
    ///   - groupID: the consumer group; `group.id` among the settings wins.
    ///   - wake: rung to end a wait.
    /// - Throws: ``Projection/MessageSourceError``.
    public init(
        _ configuration: KafkaConfiguration, topic: String, groupID: String, maximumBatchMessages: Int,
        wake: WakeDescriptor,
        logger: Logger
    ) throws {
        self.maximumBatchMessages = maximumBatchMessages
        member = try Self.translating {
            try KafkaTopicMember(configuration, topic: topic, groupID: groupID, wake: wake, logger: logger)
        }
    }

    public func next(until deadline: ContinuousClock.Instant?) throws -> SourceEvent {
        let event = try Self.translating { try member.next(until: deadline, maximumRecords: maximumBatchMessages) }
        return switch event {
        case .idle: .idle
        case .records(let records): .messages(records.map { ConsumedMessage($0) })
        case .assigned(let partitions): .assigned(partitions)
        case .revoked: .revoked
        case .offsetLost(let partition, let detail): .offsetLost(partition: partition, detail: detail)
        case .unavailable(let why): .unavailable(why)
        case .available: .available
        }
    }

    public func start(_ positions: [Int32: Int64]) throws { try Self.translating { try member.start(positions) } }

    public func pause() throws { try Self.translating { try member.pause() } }

    public func endOffsets(of partitions: [Int32]) throws -> [Int32: Int64] {
        try Self.translating { try member.endOffsets(of: partitions) }
    }

    public func clusterID() throws -> String { try Self.translating { try member.clusterID() } }

    public func close() { member.close() }

    private static func translating<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as MemberError {
            throw Projection.MessageSourceError("Kafka: \(error)", isFinal: error.isFinal)
        }
    }
}
