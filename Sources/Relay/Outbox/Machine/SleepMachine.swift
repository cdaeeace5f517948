/// When writers notify the relay, and how long the relay may wait until then.
///
/// Pure: it is told of cuts and of the sleep lock, and answers what to do next. Three facts make it safe:
/// - a lock that is *requested* already makes later writers notify;
/// - a lock that is *granted* means that no earlier writer is still uncommitted;
/// - so the cut taken after the grant sees every row that no writer will notify about.
struct SleepMachine: Sendable {
    private enum State: Equatable {
        /// No cut was taken yet.
        case starting
        /// Busy: writers do not notify, and cuts keep a distance. The cuts and rows since the rate was last judged.
        case awake(cuts: Int, rows: Int)
        /// The lock is requested; cuts are taken with growing pauses meanwhile.
        case fallingAsleep(pause: Duration)
        /// The lock is held, and a cut was taken after the grant.
        case asleep
    }

    private let ceiling: Duration
    /// nil where writers can notify; else every wait is a poll of this length.
    private let pollInterval: Duration?
    private var state = State.starting
    /// Transactions with this id or a higher one began since the relay was last awake.
    private var calmSince: UInt64 = 0
    /// Cuts in succession that looked busy since the relay was last awake.
    private var busyCuts = 0
    /// How often in succession the relay woke up and found few rows; below zero while it is busy.
    private var falseAlarms = 0
    /// Whether the last cut was taken on a notification that had to be waited for.
    private var hasRested = true

    /// - Parameters:
    ///   - ceiling: the longest wait while asleep, for rows that fire no trigger.
    ///   - pollInterval: set where LISTEN is impossible.
    init(ceiling: Duration, pollInterval: Duration? = nil) {
        self.ceiling = ceiling
        self.pollInterval = pollInterval
    }

    /// Whether the sleep lock should be requested or kept.
    var wantsLock: Bool {
        switch state {
        case .starting, .awake: false
        case .fallingAsleep, .asleep: true
        }
    }

    // MARK: What happens

    /// A cut found rows.
    ///
    /// - Parameters:
    ///   - count: how many, as far as they were counted.
    ///   - snapshot: the cut.
    ///   - holdsLock: whether the lock was held *before* that cut was taken.
    mutating func foundRows(_ count: Int, in snapshot: Snapshot, holdsLock: Bool) {
        guard pollInterval == nil else { return }
        busyCuts = looksBusy(snapshot) ? busyCuts + 1 : 0
        if case .awake(let cuts, let rows) = state {
            judgeRate(cuts: cuts + 1, rows: rows + count)
        } else if count >= OutboxLimits.rowsUntilAwake || busyCuts >= OutboxLimits.cutsUntilAwake << max(0, falseAlarms)
        {
            state = .awake(cuts: 0, rows: count)
        } else {
            state = holdsLock ? .asleep : .fallingAsleep(pause: Self.firstPause)
        }
        if !wantsLock { calmSince = snapshot.xmax }
        hasRested = false
    }

    /// A writer that notifies holds a lock of the whole database while it commits. Where writers queue for that lock,
    /// or commit faster than the relay takes cuts, polling for their rows costs them less. Old transactions say nothing
    /// about the rate: they belong to people at a prompt, or to long jobs.
    private func looksBusy(_ snapshot: Snapshot) -> Bool {
        !hasRested || snapshot.inProgress.reversed().prefix { $0 >= calmSince }.count >= OutboxLimits.writersUntilAwake
    }

    /// The rate is judged over many cuts: a moment without rows, while the disk flushes for instance, is no reason to
    /// make every writer notify. After a false alarm, more busy cuts are needed the next time.
    private mutating func judgeRate(cuts: Int, rows: Int) {
        if cuts < OutboxLimits.cutsPerLookAtRate {
            state = .awake(cuts: cuts, rows: rows)
        } else if rows >= OutboxLimits.rowsPerLookAtRate {
            state = .awake(cuts: 0, rows: 0)
            falseAlarms = -1
        } else {
            state = .fallingAsleep(pause: Self.firstPause)
            falseAlarms = min(falseAlarms + 1, OutboxLimits.falseAlarmsCounted)
            busyCuts = 0
        }
    }

    /// A notification had to be waited for: the relay is faster than the writers.
    mutating func rested() { hasRested = true }

    // MARK: How to wait

    /// What to do when a cut with rows is drained, before it is finished and the next one is taken; nil: nothing.
    ///
    /// Finishing and taking are one statement. While the relay is asleep, every later row brings a notification. So the
    /// statement waits a moment for the next row, instead of looking for rows that are not there while the next row
    /// comes.
    var restAfterRows: RelayAction? {
        if let pollInterval { return .space(min(pollInterval, Self.spacing)) }
        switch state {
        case .awake: return .space(Self.spacing)
        case .starting, .fallingAsleep: return nil
        case .asleep: return .listen(Self.longestUnfinished)
        }
    }

    /// A cut found nothing. Answers how to wait before the next cut.
    ///
    /// - Parameter holdsLock: whether the lock was held *before* that cut was taken.
    mutating func foundNothing(holdsLock: Bool) -> RelayAction {
        hasRested = false
        if let pollInterval { return .listen(pollInterval) }
        switch state {
        case .starting:
            return fallAsleep()
        case .awake(let cuts, let rows):
            judgeRate(cuts: cuts + 1, rows: rows)
            return wantsLock ? .listen(Self.firstPause) : .space(Self.spacing)
        case .fallingAsleep(let pause):
            if holdsLock {
                state = .asleep
                return .listen(ceiling)
            }
            state = .fallingAsleep(pause: min(pause * 2, Self.longestPause))
            return .listen(pause)
        case .asleep:
            // The lock's connection was lost: the lock is requested again.
            return holdsLock ? .listen(ceiling) : fallAsleep()
        }
    }

    private mutating func fallAsleep() -> RelayAction {
        state = .fallingAsleep(pause: Self.firstPause)
        return .listen(Self.firstPause)
    }

    /// The first and the longest pause between two cuts while falling asleep.
    static let firstPause = Duration.milliseconds(OutboxLimits.firstFallingAsleepMilliseconds)
    static let longestPause = Duration.milliseconds(OutboxLimits.longestFallingAsleepMilliseconds)
    /// The distance between the beginnings of two cuts while awake.
    static let spacing = Duration.milliseconds(OutboxLimits.cutSpacingMilliseconds)
    /// How long a drained cut stays unfinished while asleep.
    static let longestUnfinished = Duration.milliseconds(OutboxLimits.unfinishedMilliseconds)
}
