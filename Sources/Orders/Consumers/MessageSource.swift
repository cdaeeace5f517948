public import Threads

/// The messages of one topic, shared with the other members of a consumer group.
///
/// A source lives on one thread; only the `WakeDescriptor` that it was made with may be used from other threads. It
/// delivers no message of a partition before ``start(_:)``: the consumer decides where reading starts, never the
/// broker. All requests to the broker block for a bounded time.
public protocol MessageSource: AnyObject {
    /// Blocks until there is an event, until the deadline, or until a wake-up; a nil deadline waits for ever. May
    /// return ``SourceEvent/idle`` early.
    ///
    /// - Throws: ``MessageSourceError`` that is final when another source must be made.
    func next(until deadline: ContinuousClock.Instant?) throws(MessageSourceError) -> SourceEvent

    /// Delivers these partitions from these offsets on, also partitions that were paused. Messages of these partitions
    /// that were fetched before are dropped.
    func start(_ positions: [Int32: Int64]) throws(MessageSourceError)

    /// Delivers nothing more of any partition until ``resume()`` or ``start(_:)``; messages that were fetched already
    /// may still come. The membership in the group stays alive. Harmless to repeat.
    func pause() throws(MessageSourceError)

    /// Goes on after ``pause()`` where reading stopped. Without a pause it does nothing.
    func resume() throws(MessageSourceError)

    /// The offsets that the group committed to Kafka; partitions without one are missing.
    func committedOffsets(of partitions: [Int32]) throws(MessageSourceError) -> [Int32: Int64]

    /// For each partition the first offset that no message has yet, as the broker says now.
    func endOffsets(of partitions: [Int32]) throws(MessageSourceError) -> [Int32: Int64]

    /// The identity of the cluster, as the broker says now: offsets of another cluster mean nothing.
    func clusterID() throws(MessageSourceError) -> String

    /// Commits to the group where each partition goes on: the offset after the last message that is dealt with.
    ///
    /// - Parameter waiting: return only when the broker has stored the offsets, and throw if it did not.
    func commit(_ offsets: [Int32: Int64], waiting: Bool) throws(MessageSourceError)

    /// Leaves the group, so that other members take over at once. The source is not used afterwards.
    func close()
}

/// Makes the source of a consumer, on the consumer's thread; called again whenever a source has failed for good.
///
/// The source returns from ``MessageSource/next(until:)`` when the descriptor is woken.
public typealias MakeMessageSource = @Sendable (WakeDescriptor) throws -> any MessageSource

/// What a source reports.
public enum SourceEvent: Sendable {
    /// The deadline passed, or there was a wake-up.
    case idle
    /// Messages, in offset order within each partition.
    case messages([ConsumedMessage])
    /// This member owns these partitions and no others from now on. No message comes before
    /// ``MessageSource/start(_:)``.
    case assigned([Int32])
    /// All partitions are taken away at the next call of ``MessageSource/next(until:)``; until then offsets may be
    /// committed, unless the partitions are `lost`: then other members may own them already.
    case revoked(lost: Bool)
    /// The broker does not have the offset that was asked for: it was deleted, or never existed.
    case offsetLost(partition: Int32, detail: String)
    /// Nothing can be consumed for now (brokers away, topic missing). The source goes on trying by itself.
    case unavailable(String)
    /// The trouble that ``unavailable(_:)`` reported is over.
    case available
}

/// Why a source cannot be used any more, or could not answer a request.
public struct MessageSourceError: Error, Sendable, CustomStringConvertible {
    /// Safe to log.
    public let description: String
    /// Whether the source is finished and another must be made; otherwise only this request failed.
    public let isFinal: Bool

    init(_ description: String, isFinal: Bool) {
        self.description = description
        self.isFinal = isFinal
    }
}
