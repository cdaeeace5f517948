/// What the driver does next. Each action is answered by one ``RelayEvent``.
enum RelayAction: Equatable, Sendable {
    /// Finish the cut that was drained, if there is one, and take the next if there are rows: `advanced` or
    /// `foundNothing`.
    case advance
    /// Read the rows of the cut after this outbox id: `fetched`.
    case fetch(after: Int64)
    /// Offer the chunk's rows to the publisher, within these limits: `offered`, or `sealed` where rows go in
    /// transactions.
    case offer(OfferLimits)
    /// Move the checkpoint inside the cut to this outbox id, and store the rows held for parked keys: `saved`.
    case save(through: Int64)
    /// Store the rows held for parked keys, then commit the transaction with a record of this outbox id: `committed`,
    /// `notCommitted` or `awaitingRecord`. Exactly-once only.
    case commit(through: Int64)
    /// Open a new publisher, which fences all earlier ones, and read Kafka's record: `recovered` or `notRecovered`.
    /// Exactly-once only.
    case recover
    /// Drop the publisher and what is in flight, and pause: `abandoned`. The next row goes to a new publisher.
    case abandon(after: Duration)
    /// Wait for a report or a signal, at most this long: `waited`.
    case wait(Duration)
    /// Wait for a notification or a signal, at most this long: `waited`. Nothing is in flight.
    case listen(Duration)
    /// Wait until this long after the last cut was begun, or until asked to stop: `waited`. Nothing is in flight.
    case space(Duration)
    /// A step of the release of parked keys.
    case release(Release)
    /// End: everything is settled and saved, or the time to stop in is over.
    case stop

    /// One step of the release of parked keys, which happens between two cuts. `hold id` numbers held rows.
    enum Release: Equatable, Sendable {
        /// Store the rows held for parked keys, and read which keys are to be released: `asked`.
        case ask
        /// Read held rows of a key after this hold id, at most `rows`: `fetched` or `unreadable`.
        case fetch(OutboxKey, after: Int64, rows: Int)
        /// Offer the rows that were read, from this index on: `offered`.
        case offer(from: Int)
        /// Commit the transaction with a record of this hold id: `committed`, `notCommitted` or `awaitingRecord`.
        /// Exactly-once only.
        case commit(through: Int64)
        /// Delete the key's held rows up to this hold id, which are in Kafka: `forgotten`. `rows` is their number.
        case forget(OutboxKey, through: Int64, rows: Int)
        /// Unpark the key, unless Postgres holds more rows of it: `finished`.
        case finish(OutboxKey, isRetry: Bool)
        /// Keep the key parked, for this reason: `refused`.
        case refuse(OutboxKey, PublishFailure)
        /// End the session with an error: only Kafka's record, which the next session reads, says what is committed.
        case giveUp(PublishFailure)
    }

    /// Whether it begins something that a paused relay does not do: what is in flight is still settled and saved.
    var beginsPublishing: Bool {
        switch self {
        case .advance, .fetch, .offer, .recover, .release(.ask), .release(.fetch), .release(.offer): true
        case .save, .commit, .abandon, .wait, .listen, .space, .release, .stop: false
        }
    }

    /// Whether the working thread rests meanwhile.
    var isWait: Bool {
        switch self {
        case .wait, .listen, .space, .abandon, .stop: true
        case .advance, .fetch, .offer, .save, .commit, .recover, .release: false
        }
    }
}

/// What limits the offering of a chunk's rows.
struct OfferLimits: Equatable, Sendable {
    /// Rows up to this outbox id go one at a time, because one of them was refused; nil if none was. At-least-once
    /// only.
    var oneByOneThrough: Int64?
    /// How many rows one transaction has at most, where a refused row is searched for: then it ends with the chunk as
    /// well. Exactly-once only.
    var rowsPerTransaction = Int.max

    /// The whole chunk.
    static let none = OfferLimits()
}
