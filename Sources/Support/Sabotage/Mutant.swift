/// Ways to break the system on purpose, to show that a judge notices: all names. Each switches off one guard.
///
/// The simulator breaks its models of Postgres and of Kafka; drills set `OUTBOX_MUTANT` for the processes of a debug
/// build. ``places`` says which of them knows a mutant.
public enum Mutant: String, CaseIterable, Sendable {
    // MARK: The relay

    /// The checkpoint moves for any epoch, and from any place.
    case noFenceOnCheckpoint = "no-fence-on-checkpoint"
    /// The lease is renewed for any epoch.
    case noFenceOnLease = "no-fence-on-lease"
    /// A new leader leaves the epoch as it is.
    case epochNotRaised = "epoch-not-raised"
    /// A cut reads the rows behind the highest id that was read.
    case readsByID = "read-by-id"
    /// Rows of transactions that the last cut saw in progress are left out.
    case lateRowsNotFetched = "late-rows-not-fetched"
    /// A new session takes the cut that was being drained once more.
    case cutTakenAgain = "cut-taken-again"
    /// A cut never waits for the disk.
    case publishesWhatIsNotOnDisk = "publish-what-is-not-on-disk"
    /// A row counts as acknowledged when it is sent.
    case checkpointBeforeAck = "checkpoint-before-ack"
    /// A new session does not know which keys are parked.
    case parkedKeyLetThrough = "parked-key-let-through"
    /// Held rows are released in the other order.
    case releasedInWrongOrder = "released-in-wrong-order"
    /// Rows are looked for when a writer notifies, and at no other time.
    case notifyWithoutPoll = "notify-without-poll"
    /// Exactly once: Kafka's record is not read.
    case recordNotRead = "record-not-read"
    /// A leaf is truncated although rows of it are not published, or held.
    case neededRowsRemoved = "needed-rows-removed"
    /// Published rows are deleted one by one.
    case publishedRowsDeleted = "published-rows-deleted"
    /// The working session begins a transaction before it waits.
    case transactionLeftOpen = "transaction-left-open"
    /// The relay is ready whatever happens.
    case alwaysReady = "always-ready"

    // MARK: The order service

    /// Clients are answered before the events are committed.
    case answeredBeforeCommit = "answered-before-commit"
    /// Clients are answered when their rows are published.
    case answeredWhenPublished = "answered-when-published"
    /// Idempotency keys are ignored.
    case keysIgnored = "keys-ignored"
    /// The number after that of a new order is left out when the order is cancelled.
    case numberSkipped = "number-skipped"
    /// A payment is recorded although the order was cancelled.
    case cancelledIsPaid = "cancelled-is-paid"
    /// The positions are committed before the rows of the read model.
    case positionsBeforeRows = "positions-before-rows"
    /// SIGTERM ends a service with status 1.
    case failsAtStop = "fails-at-stop"

    /// Who knows it.
    public struct Places: OptionSet, Sendable {
        /// As in `OptionSet`.
        public let rawValue: Int
        /// The models of the simulator.
        public static let simulator = Places(rawValue: 1)
        /// The programs, in debug builds.
        public static let programs = Places(rawValue: 2)

        /// As in `OptionSet`.
        public init(rawValue: Int) { self.rawValue = rawValue }
    }

    /// Who knows it.
    public var places: Places {
        switch self {
        case .noFenceOnCheckpoint, .noFenceOnLease, .epochNotRaised, .readsByID, .lateRowsNotFetched, .cutTakenAgain,
            .publishesWhatIsNotOnDisk, .checkpointBeforeAck, .parkedKeyLetThrough, .releasedInWrongOrder,
            .notifyWithoutPoll, .recordNotRead:
            [.simulator, .programs]
        case .neededRowsRemoved, .publishedRowsDeleted, .transactionLeftOpen, .alwaysReady, .answeredBeforeCommit,
            .answeredWhenPublished, .keysIgnored, .numberSkipped, .cancelledIsPaid, .positionsBeforeRows, .failsAtStop:
            .programs
        }
    }

    /// Whether only exactly-once delivery has what it breaks.
    public var needsExactlyOnce: Bool { self == .recordNotRead }
}

extension Mutant {
    /// The variable.
    public static let variable = "OUTBOX_MUTANT"

    #if DEBUG
        /// Whether programs of this build can be broken.
        public static let isPossible = true
        /// Read once. A value that is wrong is refused when the process starts, see ``SabotageSettings``.
        private static let ofThisProcess = SabotageSettings.value(of: variable).flatMap { Mutant(rawValue: $0) }
        /// Whether this process is broken in this way.
        public var isOn: Bool { Self.ofThisProcess == self }
    #else
        /// Whether programs of this build can be broken.
        public static let isPossible = false
        /// Whether this process is broken in this way: never in a release build, where the compiler removes the switch.
        @inlinable public var isOn: Bool { false }
    #endif
}
