/// When to search the event store for unsettled orders, and when to look into `payment_retry`. Reads the clock, has no
/// other I/O.
struct RecoverySchedule {
    private enum Pass {
        /// Wanted, not before this moment.
        case wanted(since: ContinuousClock.Instant)
        case walking(RecoveryWalk, found: Int)
    }

    private let interval: Duration
    private var pass: Pass
    private var isFirstAssignment = true
    /// A pass was asked for while one was under way, which may already have passed the place in question.
    private var isWantedAgain = false
    private var retryDue: ContinuousClock.Instant?
    /// Whether `payment_retry` may have rows. The table is read at the start and after each pass.
    private(set) var mayHaveRetries = true

    init(interval: Duration) {
        self.interval = interval
        // The pass at the start comes with the first assignment, or without one when Kafka is away for long.
        pass = .wanted(since: .now + PaymentsLimits.passPause)
        retryDue = .now
    }

    // MARK: The pass

    /// Reading is about to begin.
    ///
    /// - Parameter isBlind: it is not known how far some partition was read before.
    mutating func assigned(isBlind: Bool) {
        if isFirstAssignment || isBlind { requested() }
        isFirstAssignment = false
    }

    /// An offset was lost: a pass must begin after this moment.
    mutating func requested() {
        switch pass {
        case .walking: isWantedAgain = true
        case .wanted: pass = .wanted(since: .now)
        }
    }

    /// Whether a pass should begin now.
    var isPassDue: Bool {
        if case .wanted(let since) = pass { since <= .now } else { false }
    }

    /// - Parameter walk: nil while another member does a pass. That pass may have read events before this member lost
    ///   an offset, so this member's pass comes later.
    mutating func begun(_ walk: RecoveryWalk?) {
        pass = walk.map { .walking($0, found: 0) } ?? .wanted(since: .now + PaymentsLimits.passPause)
    }

    /// The next slice of time to search, in microseconds since 1970; nil when there is none.
    var nextSlice: Range<Int64>? {
        guard case .walking(let walk, _) = pass, !walk.isAtEnd else { return nil }
        return walk.slice
    }

    /// The next slice was searched.
    mutating func searched(found: Int) {
        guard case .walking(var walk, let before) = pass else { return }
        walk.searched(found: found)
        pass = .walking(walk, found: before + found)
    }

    /// The walk, once it has reached its end and all orders that it found are settled.
    func walkToEnd(ordersLeft: Int) -> RecoveryWalk? {
        guard case .walking(let walk, _) = pass, walk.isAtEnd, ordersLeft == 0 else { return nil }
        return walk
    }

    /// Returns how many orders the pass found.
    mutating func ended() -> Int {
        guard case .walking(_, let found) = pass else { return 0 }
        pass = .wanted(since: isWantedAgain ? .now : .now + interval)
        isWantedAgain = false
        // Another member may have put an order into payment_retry.
        retryDue = .now
        return found
    }

    /// The connection, and with it the right to do the pass, is lost.
    mutating func interrupted() {
        if case .walking = pass { pass = .wanted(since: .now) }
    }

    // MARK: Retries

    /// Whether to take orders from `payment_retry` now.
    var areRetriesDue: Bool { retryDue.map { $0 <= .now } ?? false }

    /// - Parameter pause: until the next order is due; nil if `payment_retry` is empty.
    mutating func nextRetry(in pause: Duration?) {
        mayHaveRetries = pause != nil
        // A row that another member has leased is due again when the lease ends.
        retryDue = pause.map { .now + max($0, PaymentsLimits.minimumRetryPause) }
    }

    /// An order was put into `payment_retry`.
    mutating func retryIsKnown() {
        mayHaveRetries = true
        let due = ContinuousClock.now + .seconds(PaymentsLimits.firstRetrySeconds)
        retryDue = min(retryDue ?? due, due)
    }

    // MARK: Waiting

    /// When there is work here even if no event comes; nil while only an event can bring the next work.
    func nextDue(hasRoom: Bool) -> ContinuousClock.Instant? {
        let passDue: ContinuousClock.Instant? =
            switch pass {
            case .wanted(let since): since
            case .walking(let walk, _): walk.isAtEnd || !hasRoom ? nil : .now
            }
        return [passDue, retryDue].compactMap { $0 }.min()
    }
}
