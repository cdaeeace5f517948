/// What happened: the answer to a ``RelayAction``.
enum RelayEvent: Equatable, Sendable {
    /// Leadership was won, with this checkpoint.
    case led(Checkpoint)
    /// A cut was taken: the new checkpoint, and how many rows the cut has, as far as they were counted.
    case advanced(Checkpoint, rows: Int)
    /// The last cut is finished, and there are no rows for another.
    case foundNothing
    /// A chunk was read, its last row being `lastID`; `isLast` if the cut has no more rows.
    case fetched(rows: Int, lastID: Int64, isLast: Bool)
    /// Rows of the chunk were offered: `all`, and the transaction goes on behind them if there is one; or until the
    /// publisher was full.
    case offered(all: Bool)
    /// The transaction is complete: this was its last row, and its record was offered; `all` if it was the chunk's last
    /// row.
    case sealed(through: Int64, all: Bool)
    /// The checkpoint was moved inside the cut.
    case saved
    /// Rows and record are committed.
    case committed
    /// The outcome of the commit is not known yet: ask again. Or it failed, and the input has the failure.
    case notCommitted
    /// The record is not acknowledged yet, or there was no room for it: commit again after a wait.
    case awaitingRecord
    /// Rows of the cut up to this outbox id are committed in Kafka.
    case recovered(through: Int64)
    /// Kafka did not answer, or refused.
    case notRecovered
    /// The publisher was dropped, and nothing is in flight.
    case abandoned
    /// A wait is over, for whatever reason.
    case waited
    /// A step of the release of parked keys was made.
    case release(Release)

    /// What a step of the release of parked keys found.
    enum Release: Equatable, Sendable {
        /// The keys that are to be released, oldest request first, at most ``OutboxLimits/keysPerRelease``; and the
        /// checkpoint, which stays where it is during the release.
        case asked([ReleaseRequest], Checkpoint)
        /// The hold ids of the rows that were read, ascending; `isLast` if the key has no more.
        case fetched([Int64], isLast: Bool)
        /// One of the rows that were asked for cannot be read.
        case unreadable(PublishFailure)
        /// The rows below index `through` were offered, of which `published` went to the publisher in this step; the
        /// others are to be dropped. The row at `through` was refused at once, if there is a refusal.
        case offered(through: Int, published: Int, refusal: PublishFailure?)
        /// The key's rows are deleted.
        case forgotten
        /// The key is unparked, or has more rows.
        case finished
        /// The key stays parked.
        case refused
    }
}

/// A parked key that is to be released.
struct ReleaseRequest: Equatable, Sendable {
    var key: OutboxKey
    /// The time for the next attempt has come; no operator asked.
    var isRetry: Bool
}
