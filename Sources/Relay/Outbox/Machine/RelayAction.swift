/// What the driver does next. Each is answered by one ``RelayEvent``.
public enum RelayAction: Equatable, Sendable {
    /// Finish the cut that was drained, if any, and take the next, if there are rows: `advanced`.
    case advance
    /// Read the rows of the cut after this outbox id: `fetched`.
    case fetch(after: Int64)
    /// Offer the chunk's rows to the publisher: `offered`.
    case offer
    /// Move the checkpoint inside the cut, with the rows held for parked keys: `saved`.
    case save(through: Int64)
    /// Store the rows held for parked keys, then commit the transaction with a record of this place: `committed` or
    /// `notCommitted`. Exactly-once only.
    case commit(through: Int64)
    /// Open a new publisher, which fences all before it, and read its record back: `recovered` or `notRecovered`.
    /// Exactly-once only.
    case recover
    /// Drop what is in flight and make a new publisher after a pause: `abandoned`.
    case abandon(after: Duration)
    /// Wait for a report or a signal: `waited`.
    case wait(Duration)
    /// Wait for a notification or a signal: `waited`. Nothing is in flight.
    case listen(Duration)
    /// Wait until so long after the last cut was begun, or for the end: `waited`. Nothing is in flight.
    case space(Duration)
    /// Everything is settled and saved: end.
    case stop

    /// Whether the working thread rests meanwhile.
    var isWait: Bool {
        switch self {
        case .wait, .listen, .space, .abandon, .stop: true
        case .advance, .fetch, .offer, .save, .commit, .recover: false
        }
    }
}

/// What happened.
public enum RelayEvent: Equatable, Sendable {
    /// Leadership was won, with this checkpoint.
    case led(Checkpoint)
    /// The new checkpoint, and how many rows its cut has; nil if there was nothing to do.
    case advanced(Checkpoint, rows: Int)
    case foundNothing
    /// A refused row of a key that is being released undid its transaction, the publisher was dropped, and no cut was
    /// taken. The checkpoint is where it was. Exactly-once only.
    case undone(Checkpoint)
    /// A chunk was read; `isLast` if the cut has no more rows.
    case fetched(rows: Int, lastID: Int64, isLast: Bool)
    /// Rows of the chunk were offered; `all` or until the publisher was full.
    case offered(all: Bool)
    /// The transaction is whole: this was its last row, and its record was offered; `all` if it was the chunk's last.
    case sealed(through: Int64, all: Bool)
    case saved
    case committed
    /// The outcome is not known yet, or the sight has a failure.
    case notCommitted
    /// Rows of the cut up to this outbox id are committed in Kafka.
    case recovered(through: Int64)
    /// Kafka is away, for instance.
    case notRecovered
    case abandoned
    case waited
}

/// What the driver sees at every step besides the event.
public struct RelaySight: Equatable, Sendable {
    /// Rows offered and not settled.
    public var inFlight = 0
    /// Rows in the window, settled behind an unsettled one included.
    public var span = 0
    /// The outbox id up to which all offered rows are settled.
    public var settledThrough: Int64?
    /// A failure that was reported since the last step, and the newest row in flight at that moment.
    public var failure: ReportedFailure?
    /// Whether the sleep lock was held before the event began.
    public var holdsSleepLock = false
    /// Whether a notification had come before the last wait began.
    public var hadNews = false
    /// Whether a release gave way to the next cut and has more to do after it.
    public var isReleasing = false
    /// SIGTERM has come.
    public var isStopping = false

    public init() {}

    public struct ReportedFailure: Equatable, Sendable {
        public var kind: PublishFailure.Kind
        /// The newest outbox id in flight.
        public var newest: Int64
        /// How many rows the transaction had that is undone with it.
        public var rows = 0
        /// The row to blame is known and its key parked; only its transaction has to be made again.
        public var isFound = false
        public init(kind: PublishFailure.Kind, newest: Int64) {
            self.kind = kind
            self.newest = newest
        }
    }
}
