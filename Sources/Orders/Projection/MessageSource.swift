/// The messages of one topic, shared with the other members of a consumer group.
///
/// A source lives on one thread; only the ``WakeDescriptor`` it was made with may be rung from elsewhere. It delivers
/// nothing of a partition before ``start(_:)``: where to start is decided here, by what the projection contains, never
/// by the broker.
public protocol MessageSource: AnyObject {
    /// Blocks until there is something to say, until the deadline, or until the wake descriptor is rung; nil waits for
    /// ever.
    ///
    /// - Throws: ``MessageSourceError`` when this source is of no use any more and another must be made.
    func next(until deadline: ContinuousClock.Instant?) throws -> SourceEvent

    /// Delivers these partitions from these offsets on. Messages fetched before are dropped.
    func start(_ positions: [Int32: Int64]) throws

    /// Delivers nothing more of any partition until ``start(_:)``; membership in the group stays alive.
    func pause() throws

    /// For each partition the first offset that no message has yet, as the broker says now.
    func endOffsets(of partitions: [Int32]) throws -> [Int32: Int64]

    /// The identity of the cluster, as the broker says now: offsets of another cluster mean nothing.
    func clusterID() throws -> String

    /// Leaves the group, so that others take over at once.
    func close()
}

/// What a source has to say.
public enum SourceEvent: Sendable {
    /// The deadline passed or somebody rang.
    case idle
    case messages([ConsumedMessage])
    /// These partitions, and no others, are ours from now on.
    case assigned([Int32])
    /// All partitions are taken away.
    case revoked
    /// The broker does not have the offset that was asked for: it was deleted, or never existed.
    case offsetLost(partition: Int32, detail: String)
    /// Nothing can be consumed for now (brokers away, topic missing); the source goes on trying by itself.
    case unavailable(String)
    /// What was wrong is no longer.
    case available
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
