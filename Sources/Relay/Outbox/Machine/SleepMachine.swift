/// When the relay lets writers wake it, and how long it may wait until then.
///
/// Pure: it is told of cuts and of the sleep lock, and answers what to do next. Three truths make it safe:
/// a lock that is *requested* already makes later writers notify; a lock that is *granted* means that no earlier writer
/// is still uncommitted; so the cut made after the grant sees every row nobody will notify about.
public struct SleepMachine: Sendable {
    private enum State: Equatable {
        /// No cut was taken yet.
        case starting
        /// Busy: writers do not notify, and cuts keep a distance. So many cuts and rows since the last look at the
        /// rate.
        case awake(cuts: Int, rows: Int)
        /// The lock is asked for; cutting with growing pauses meanwhile.
        case dozing(pause: Duration)
        /// The lock is held, and a cut was made after the grant.
        case asleep
    }

    private let ceiling: Duration
    /// nil where writers cannot wake us: then every wait is a poll.
    private let pollInterval: Duration?
    private var state = State.starting
    /// Transactions from this id on began since it was last awake.
    private var calmSince: UInt64 = 0
    /// So many cuts in succession looked busy since it was last awake.
    private var busyCuts = 0
    /// How often in succession it woke up and found few rows; below zero while it is busy.
    private var falseAlarms = 0
    /// Whether the last cut was taken on a notification that had to be waited for.
    private var hasRested = true

    /// - Parameters:
    ///   - ceiling: the longest wait while asleep; a floor under everything that fires no trigger.
    ///   - pollInterval: set where LISTEN is impossible.
    public init(ceiling: Duration, pollInterval: Duration? = nil) {
        self.ceiling = ceiling
        self.pollInterval = pollInterval
    }

    /// Whether the sleep lock should be requested or kept.
    public var wantsLock: Bool {
        switch state {
        case .starting, .awake: false
        case .dozing, .asleep: true
        }
    }

    // MARK: What happens

    /// A cut found rows.
    ///
    /// - Parameters:
    ///   - snapshot: the cut.
    ///   - holdsLock: whether the lock was held *before* that cut was taken.
    public mutating func foundRows(_ count: Int, in snapshot: Snapshot, holdsLock: Bool) {
        guard pollInterval == nil else { return }
        busyCuts = looksBusy(snapshot) ? busyCuts + 1 : 0
        if case .awake(let cuts, let rows) = state {
            look(cuts: cuts + 1, rows: rows + count)
        } else if count >= OutboxLimits.rowsUntilAwake || busyCuts >= OutboxLimits.cutsUntilAwake << max(0, falseAlarms)
        {
            state = .awake(cuts: 0, rows: count)
        } else {
            state = holdsLock ? .asleep : .dozing(pause: Self.firstDoze)
        }
        if !wantsLock { calmSince = snapshot.xmax }
        hasRested = false
    }

    /// Whoever notifies holds a lock of the whole database while it commits. Writers that queue for it, or that commit
    /// faster than the relay cuts, are better served by looking for their rows now and then. Old transactions tell
    /// nothing: they belong to people who think, or to long jobs.
    private func looksBusy(_ snapshot: Snapshot) -> Bool {
        !hasRested || snapshot.inProgress.reversed().prefix { $0 >= calmSince }.count >= OutboxLimits.writersUntilAwake
    }

    /// The rate is judged over many cuts: a moment without rows, while the disk flushes for instance, is no reason to
    /// make every writer notify. Who looked busy and was not has to look busy for longer the next time.
    private mutating func look(cuts: Int, rows: Int) {
        if cuts < OutboxLimits.cutsPerLookAtRate {
            state = .awake(cuts: cuts, rows: rows)
        } else if rows >= OutboxLimits.rowsPerLookAtRate {
            state = .awake(cuts: 0, rows: 0)
            falseAlarms = -1
        } else {
            state = .dozing(pause: Self.firstDoze)
            falseAlarms = min(falseAlarms + 1, OutboxLimits.falseAlarmsCounted)
            busyCuts = 0
        }
    }

    /// A notification had to be waited for: the relay is faster than the writers.
    public mutating func rested() { hasRested = true }

    // MARK: How to wait

    /// What to do when a cut with rows is drained, before it is finished and the next one is taken; nil: nothing.
    ///
    /// Finishing and taking are one statement. Asleep, every later row brings a notification; so the statement waits a
    /// moment for the next, instead of looking for rows that are not there while the next one comes.
    public var restAfterRows: RelayAction? {
        if let pollInterval { return .space(min(pollInterval, Self.spacing)) }
        switch state {
        case .awake: return .space(Self.spacing)
        case .starting, .dozing: return nil
        case .asleep: return .listen(Self.longestUnfinished)
        }
    }

    /// A cut found nothing. Answers how to wait before the next cut.
    ///
    /// - Parameter holdsLock: whether the lock was held *before* that cut was taken.
    public mutating func foundNothing(holdsLock: Bool) -> RelayAction {
        hasRested = false
        if let pollInterval { return .listen(pollInterval) }
        switch state {
        case .starting:
            return doze()
        case .awake(let cuts, let rows):
            look(cuts: cuts + 1, rows: rows)
            return wantsLock ? .listen(Self.firstDoze) : .space(Self.spacing)
        case .dozing(let pause):
            if holdsLock {
                state = .asleep
                return .listen(ceiling)
            }
            state = .dozing(pause: min(pause * 2, Self.longestDoze))
            return .listen(pause)
        case .asleep:
            // The lock's connection was lost: ask again, as if just falling asleep.
            return holdsLock ? .listen(ceiling) : doze()
        }
    }

    private mutating func doze() -> RelayAction {
        state = .dozing(pause: Self.firstDoze)
        return .listen(Self.firstDoze)
    }

    static let firstDoze = Duration.milliseconds(OutboxLimits.firstFallingAsleepMilliseconds)
    static let longestDoze = Duration.milliseconds(OutboxLimits.longestFallingAsleepMilliseconds)
    static let spacing = Duration.milliseconds(OutboxLimits.cutSpacingMilliseconds)
    static let longestUnfinished = Duration.milliseconds(OutboxLimits.unfinishedMilliseconds)
}
