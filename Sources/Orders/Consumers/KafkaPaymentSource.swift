public import Kafka
public import Logging
public import Payments
public import Threads

/// The messages of payments from Kafka, with the group's offsets kept there.
public final class KafkaPaymentSource: Payments.MessageSource {
    private let member: KafkaTopicMember

    /// - Parameters:
    ///   - groupID: the consumer group; `group.id` among the settings wins.
    ///   - wake: rung to end a wait.
    /// - Throws: ``Payments/MessageSourceError``.
    public init(
        _ configuration: KafkaConfiguration, topic: String, groupID: String, wake: WakeDescriptor, logger: Logger
    ) throws {
        member = try Self.translating {
            try KafkaTopicMember(configuration, topic: topic, groupID: groupID, wake: wake, logger: logger)
        }
    }

    public func next(until deadline: ContinuousClock.Instant?) throws -> SourceEvent {
        let event = try Self.translating {
            try member.next(until: deadline, maximumRecords: MemberLimits.paymentMessagesPerBatch)
        }
        return switch event {
        case .idle: .idle
        case .records(let records): .messages(records.map { OrderMessage($0) })
        case .assigned(let partitions): .assigned(partitions)
        case .revoked(let lost): .revoked(lost: lost)
        case .offsetLost(let partition, let detail): .offsetLost(partition: partition, detail: detail)
        case .unavailable(let why): .unavailable(why)
        case .available: .available
        }
    }

    public func start(_ positions: [Int32: Int64]) throws { try Self.translating { try member.start(positions) } }

    public func pause() throws { try Self.translating { try member.pause() } }

    public func resume() throws { try Self.translating { try member.resume() } }

    public func committedOffsets(of partitions: [Int32]) throws -> [Int32: Int64] {
        try Self.translating { try member.committedOffsets(of: partitions) }
    }

    public func endOffsets(of partitions: [Int32]) throws -> [Int32: Int64] {
        try Self.translating { try member.endOffsets(of: partitions) }
    }

    public func commit(_ offsets: [Int32: Int64], waiting: Bool) throws {
        try Self.translating { try member.commit(offsets, waiting: waiting) }
    }

    public func close() { member.close() }

    private static func translating<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as MemberError {
            throw Payments.MessageSourceError("Kafka: \(error)", isFinal: error.isFinal)
        }
    }
}
