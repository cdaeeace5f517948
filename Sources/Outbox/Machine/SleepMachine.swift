/// When the relay lets writers wake it, and how long it may wait until then.
///
/// Pure: it is told of cuts and of the sleep lock, and answers what to do next. Three truths make it safe:
/// a lock that is *requested* already makes later writers notify; a lock that is *granted* means that no earlier writer
/// is still uncommitted; so the cut made after the grant sees every row nobody will notify about.
public struct SleepMachine: Sendable {
    private enum State: Equatable {
        /// Busy: writers do not notify.
        case awake
        /// The lock is asked for; cutting with growing pauses meanwhile.
        case dozing(pause: Duration)
        /// The lock is held and a cut made after the grant found nothing.
        case asleep
    }

    private let ceiling: Duration
    /// nil where writers cannot wake us: then every wait is a poll.
    private let pollInterval: Duration?
    private var state = State.awake
    private var cutsWithRows = 0

    /// - Parameters:
    ///   - ceiling: the longest wait while asleep; a floor under everything that fires no trigger.
    ///   - pollInterval: set where LISTEN is impossible.
    public init(ceiling: Duration, pollInterval: Duration? = nil) {
        self.ceiling = ceiling
        self.pollInterval = pollInterval
    }

    /// Whether the sleep lock should be requested or kept.
    public var wantsLock: Bool { state != .awake }

    /// A cut found rows.
    public mutating func foundRows(_ count: Int) {
        cutsWithRows += 1
        if cutsWithRows >= OutboxLimits.cutsUntilAwake || count >= OutboxLimits.rowsUntilAwake {
            state = .awake
        } else if case .dozing = state {
            state = .dozing(pause: Self.firstDoze)
        }
    }

    /// A cut found nothing. Answers how long to wait for a notification before the next cut.
    ///
    /// - Parameter holdsLock: whether the lock was held *before* that cut was taken.
    public mutating func foundNothing(holdsLock: Bool) -> Duration {
        cutsWithRows = 0
        if let pollInterval { return pollInterval }
        switch state {
        case .awake:
            state = .dozing(pause: Self.firstDoze)
            return Self.firstDoze
        case .dozing(let pause):
            if holdsLock {
                state = .asleep
                return ceiling
            }
            state = .dozing(pause: min(pause * 2, Self.longestDoze))
            return pause
        case .asleep:
            guard holdsLock else { return lostLock() }
            return ceiling
        }
    }

    /// The lock's connection was lost or the lock is gone: ask again, as if just falling asleep.
    private mutating func lostLock() -> Duration {
        state = .dozing(pause: Self.firstDoze)
        return Self.firstDoze
    }

    static let firstDoze = Duration.milliseconds(OutboxLimits.firstDozeMilliseconds)
    static let longestDoze = Duration.milliseconds(OutboxLimits.longestDozeMilliseconds)
}
