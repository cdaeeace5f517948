/// The messages of one topic, shared with the other members of a consumer group that keeps its offsets in Kafka.
///
/// A source lives on one thread; only the wake descriptor it was made with may be rung from elsewhere.
public protocol MessageSource: AnyObject {
    /// Blocks until there is something to say, until the deadline, or until the wake descriptor is rung; nil waits for
    /// ever.
    ///
    /// - Throws: ``MessageSourceError``.
    func next(until deadline: ContinuousClock.Instant?) throws -> SourceEvent

    /// Delivers these partitions from these offsets on.
    func start(_ positions: [Int32: Int64]) throws

    /// Delivers nothing until ``resume()``; messages that were fetched already may still come.
    func pause() throws
    func resume() throws

    /// What the group committed; partitions without are missing.
    func committedOffsets(of partitions: [Int32]) throws -> [Int32: Int64]

    /// For each partition the first offset that no message has yet.
    func endOffsets(of partitions: [Int32]) throws -> [Int32: Int64]

    /// Commits where the group goes on. Returns before the broker has it unless `waiting`.
    func commit(_ offsets: [Int32: Int64], waiting: Bool) throws

    /// Leaves the group, so that others take over at once.
    func close()
}

/// What a source has to say.
public enum SourceEvent: Sendable {
    /// The deadline passed or somebody rang.
    case idle
    case messages([OrderMessage])
    /// These partitions, and no others, are ours from now on.
    case assigned([Int32])
    /// All partitions are taken away once the next event is asked for; until then offsets may be committed, unless they
    /// are lost.
    case revoked(lost: Bool)
    /// The broker does not have the offset that was asked for.
    case offsetLost(partition: Int32, detail: String)
    /// Nothing can be consumed for now; the source goes on trying by itself.
    case unavailable(String)
    /// What was wrong is no longer.
    case available
}

/// What payments need of a message: that something happened to an order. What it was, the event store tells.
public struct OrderMessage: Hashable, Sendable {
    public let partition: Int32
    public let offset: Int64
    /// The message's key; nil if it has none or it is not UTF-8.
    public let orderID: String?
    /// For example `order_placed`.
    public let eventType: String?

    public init(partition: Int32, offset: Int64, orderID: String?, eventType: String?) {
        self.partition = partition
        self.offset = offset
        self.orderID = orderID
        self.eventType = eventType
    }
}

/// Why a source had to be given up, or could not answer now.
public struct MessageSourceError: Error, Sendable, CustomStringConvertible {
    /// Safe to log.
    public let description: String
    /// Whether the source itself is finished and another must be made; otherwise only this request failed.
    public let isFinal: Bool

    public init(_ description: String, isFinal: Bool) {
        self.description = description
        self.isFinal = isFinal
    }
}
