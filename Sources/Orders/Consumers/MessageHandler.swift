/// What one kind of consumer does with its messages; the session does the rest, see ``Consumer``.
///
/// All calls come from the consumer's thread. One round of the session is: ``beginRound()``, ``positions(for:from:)``
/// when partitions have none, ``work()``, a commit when one is due, a wait for the source, ``handle(_:)``. A call that
/// throws ends the round; the session reports the error, calls ``failed(_:)`` and pauses before the next round.
public protocol MessageHandler: AnyObject {
    /// Makes sure that the consumer's own resources (database connections) are there, and takes the results of work
    /// that ended since the last round. An idle consumer has a round every few seconds for this.
    func beginRound() throws

    /// Where to start reading the partitions of the request, one position for each.
    ///
    /// - Parameter source: to be asked for committed offsets, ends and the cluster.
    func positions(for request: PositionRequest, from source: any MessageSource) throws -> [Int32: Int64]

    /// Work that is not an answer to messages. It must be short: the next messages wait meanwhile.
    func work() throws -> ConsumerDemand

    /// Takes messages over. When it returns they count as read; when it throws the positions must be doubtful, because
    /// the source does not deliver them again by itself.
    func handle(_ batch: MessageBatch) throws

    /// Whether ``takeCommits()`` would return an offset.
    var hasCommits: Bool { get }

    /// The offsets to commit to the group that have changed since the last call. A handler that stores its positions
    /// elsewhere returns none. An offset is at most the next offset of its partition, and never moves back.
    func takeCommits() -> [Int32: Int64]

    /// The partitions belong to other members now; those read them again from the last commit.
    func revoked()

    /// A round failed. Gives up what the error made useless, such as a broken connection.
    func failed(_ error: any Error) -> PositionsAfterFailure

    /// Whether work is under way that a stopping consumer should let end; its ends wake the session.
    var isBusy: Bool { get }

    /// Ends the work that is still under way when the time for stopping is over.
    func cancelWork()
}

/// Partitions for which the session needs to know where to start.
public struct PositionRequest: Hashable, Sendable {
    /// In ascending order; never empty.
    public let partitions: [Int32]
    /// Those partitions whose known position is useless, and what the broker said about it.
    public let lost: [Int32: String]
    /// Whether the group has just assigned these partitions. Otherwise their positions were lost or doubtful while
    /// other partitions go on.
    public let isNewAssignment: Bool

    /// Why a position is useless; nil when none is.
    public var reason: String? {
        lost.min { $0.key < $1.key }.map { "partition \($0.key): \($0.value)" }
    }
}

/// Messages of active partitions, each at or behind its partition's position.
public struct MessageBatch: Sendable {
    /// In offset order within each partition; never empty.
    public let messages: [ConsumedMessage]
    /// For each partition in the batch the offset after its last message.
    public let nextOffsets: [Int32: Int64]
}

/// What a handler wants of the session until its next round.
public struct ConsumerDemand: Sendable {
    /// Whether messages are wanted. While they are not, reading is paused.
    public var wantsMessages: Bool
    /// When there is work even if no event comes; nil when there is none, a time in the past when there is some now.
    public var nextWork: ContinuousClock.Instant?
    /// Whether the consumer's results are known to be incomplete; shown as ``ConsumerStatus/catchingUp``.
    public var isCatchingUp: Bool

    /// The defaults want messages and nothing else.
    public init(
        wantsMessages: Bool = true, nextWork: ContinuousClock.Instant? = nil, isCatchingUp: Bool = false
    ) {
        self.wantsMessages = wantsMessages
        self.nextWork = nextWork
        self.isCatchingUp = isCatchingUp
    }
}

/// Whether the session's positions are right after a failure.
public enum PositionsAfterFailure: Hashable, Sendable {
    /// All messages that were delivered have been taken over; reading goes on where it is.
    case kept
    /// Reading goes on where the handler says when it is asked again.
    case doubtful
}
