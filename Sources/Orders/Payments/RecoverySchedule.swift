/// When to look into the event store and into `payment_retry`.
struct RecoverySchedule {
    private enum Pass {
        /// Wanted, not before this moment.
        case wanted(since: ContinuousClock.Instant)
        case walking(RecoveryWalk, found: Int)
    }

    private let interval: Duration
    private var pass: Pass
    private var isFirstAssignment = true
    /// Asked for while a pass was under way, which may have been past it.
    private var isWantedAgain = false
    private var retryDue: ContinuousClock.Instant?
    /// Whether payment_retry may have rows: it is looked at once at the start, and after each pass.
    private(set) var mayHaveRetries = true

    init(interval: Duration) {
        self.interval = interval
        // The pass at the start comes with the first assignment, or without one if Kafka keeps us waiting.
        pass = .wanted(since: .now + PaymentsLimits.passPause)
        retryDue = .now
    }

    // MARK: the pass

    /// Reading is about to begin.
    ///
    /// - Parameter isBlind: nobody knows what was read of some partition before.
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

    var isPassDue: Bool {
        if case .wanted(let since) = pass { since <= .now } else { false }
    }

    /// nil: another member does a pass; its events may have been read before ours were lost, so ours comes later.
    mutating func begun(_ walk: RecoveryWalk?) {
        pass = walk.map { .walking($0, found: 0) } ?? .wanted(since: .now + PaymentsLimits.passPause)
    }

    var nextSlice: Range<Int64>? {
        guard case .walking(let walk, _) = pass, !walk.isAtEnd else { return nil }
        return walk.slice
    }

    mutating func looked(found: Int) {
        guard case .walking(var walk, let before) = pass else { return }
        walk.looked(found: found)
        pass = .walking(walk, found: before + found)
    }

    /// The walk, once it has reached its end and all orders that it found are dealt with.
    func walkToEnd(ordersLeft: Int) -> RecoveryWalk? {
        guard case .walking(let walk, _) = pass, walk.isAtEnd, ordersLeft == 0 else { return nil }
        return walk
    }

    /// Returns how many orders the pass found.
    mutating func ended() -> Int {
        guard case .walking(_, let found) = pass else { return 0 }
        pass = .wanted(since: isWantedAgain ? .now : .now + interval)
        isWantedAgain = false
        // Another member may have left something for later.
        retryDue = .now
        return found
    }

    /// The connection, and with it the right to do the pass, is lost.
    mutating func interrupted() {
        if case .walking = pass { pass = .wanted(since: .now) }
    }

    // MARK: retries

    var areRetriesDue: Bool { retryDue.map { $0 <= .now } ?? false }

    mutating func nextRetry(in pause: Duration?) {
        mayHaveRetries = pause != nil
        // Rows of other members' leases are looked after once more before they are over.
        retryDue = pause.map { .now + max($0, .milliseconds(PaymentsLimits.minimumRetryMilliseconds)) }
    }

    mutating func retryIsKnown() {
        mayHaveRetries = true
        let due = ContinuousClock.now + .seconds(PaymentsLimits.firstRetrySeconds)
        retryDue = min(retryDue ?? due, due)
    }

    // MARK: waiting

    /// When something of this is to be done though nobody rings; nil while only others can bring it forward.
    func nextDue(hasRoom: Bool) -> ContinuousClock.Instant? {
        let passDue: ContinuousClock.Instant? =
            switch pass {
            case .wanted(let since): since
            case .walking(let walk, _): walk.isAtEnd || !hasRoom ? nil : .now
            }
        return [passDue, retryDue].compactMap { $0 }.min()
    }
}
