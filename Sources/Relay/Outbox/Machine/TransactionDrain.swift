/// One cut on its way to Kafka in transactions, each of one chunk: offered, committed with its record, saved.
///
/// Where publishing begins again is what Kafka says is committed, never what was merely acknowledged. A refused row
/// undoes its whole transaction; it is found by halving transactions, each of which that succeeds is progress.
struct TransactionDrain: CutDrain, Equatable, Sendable {
    /// Rows were read up to here.
    private(set) var fetchedThrough: Int64
    /// Rows up to here are committed in Kafka.
    private(set) var committedThrough: Int64
    /// The checkpoint's `drainedThrough`.
    private(set) var savedThrough: Int64
    /// No rows are left to read.
    private(set) var isFetched = false
    /// The current chunk has rows that were not offered.
    private(set) var hasUnoffered = false
    /// The publisher was full at the last offer.
    private(set) var isBlocked = false
    /// The open transaction is whole: this was its last row. Rows read since wait for the next one.
    private(set) var sealedThrough: Int64?
    /// The publisher was dropped: another has to be opened and Kafka's record read back.
    private(set) var needsRecovery = false
    /// The pause before the next cut has begun.
    var hasRested = false
    /// Up to this row transactions are smaller than a chunk: one of these rows was refused.
    private var search: Search?
    private var committingThrough: Int64?
    private var savingThrough: Int64?

    private struct Search: Equatable, Sendable {
        var through: Int64
        var rowsPerTransaction: Int
    }

    /// All rows of the cut are with the publisher.
    var isOffered: Bool { isFetched && !hasUnoffered }

    init(from drainedThrough: Int64, saved: Int64) {
        fetchedThrough = drainedThrough
        committedThrough = drainedThrough
        savedThrough = saved
    }

    mutating func note(_ event: RelayEvent) {
        switch event {
        case .fetched(let rows, let lastID, let isLast):
            isFetched = isLast
            guard rows > 0 else { return }
            fetchedThrough = lastID
            hasUnoffered = true
            isBlocked = false
        case .offered:
            isBlocked = true
        case .sealed(let through, let all):
            sealedThrough = through
            hasUnoffered = !all
            isBlocked = false
        case .committed:
            committedThrough = committingThrough ?? committedThrough
            sealedThrough = nil
            if let search, committedThrough >= search.through { self.search = nil }
        case .saved:
            savedThrough = savingThrough ?? savedThrough
        case .abandoned:
            needsRecovery = true
        case .recovered(let through):
            needsRecovery = false
            committedThrough = max(committedThrough, through)
            fetchedThrough = committedThrough
        case .waited:
            isBlocked = false
        case .notCommitted, .notRecovered:
            break
        case .led, .advanced, .foundNothing, .undone:
            preconditionFailure("\(event) while draining")
        }
    }

    /// The next action; `.advance` when the cut is drained, `.stop` when asked to and nothing is in flight.
    mutating func next(_ sight: RelaySight) -> RelayAction {
        if sight.isStopping { return wrapUp(sight) }
        if needsRecovery { return .recover }
        if let sealedThrough { return finishTransaction(sealedThrough, sight) }
        // Finishing the cut says more than saving its last chunk would.
        if committedThrough > savedThrough, !isOffered { return save() }
        if hasUnoffered { return isBlocked ? .wait(Drain.reportWait) : .offer }
        return isOffered ? .advance : .fetch(after: fetchedThrough)
    }

    /// How many rows one transaction may have.
    var rowsPerTransaction: Int { search?.rowsPerTransaction ?? .max }

    /// Begins again behind what is committed, because something failed: the transaction is undone as a whole.
    mutating func restart(after failure: RelaySight.ReportedFailure) {
        let search = search(after: failure)
        self = TransactionDrain(from: committedThrough, saved: savedThrough)
        self.search = search
    }

    private func search(after failure: RelaySight.ReportedFailure) -> Search? {
        if failure.isFound { return nil }
        guard failure.kind == .row || failure.kind == .topic else { return search }
        return Search(through: max(failure.newest, search?.through ?? 0), rowsPerTransaction: max(1, failure.rows / 2))
    }

    /// Reads on while the brokers work, and commits when they have acknowledged everything.
    private mutating func finishTransaction(_ end: Int64, _ sight: RelaySight) -> RelayAction {
        if !isFetched, !hasUnoffered { return .fetch(after: fetchedThrough) }
        return sight.span == 0 ? commit(end) : .wait(Drain.reportWait)
    }

    /// Offers no more and commits what was offered.
    private mutating func wrapUp(_ sight: RelaySight) -> RelayAction {
        if !needsRecovery {
            if sight.span > 0 { return .wait(Drain.reportWait) }
            if let settled = sight.settledThrough, settled > committedThrough { return commit(settled) }
        }
        guard committedThrough > savedThrough else { return .stop }
        return isOffered && !needsRecovery ? .advance : save()
    }

    private mutating func commit(_ end: Int64) -> RelayAction {
        committingThrough = end
        return .commit(through: end)
    }

    private mutating func save() -> RelayAction {
        savingThrough = committedThrough
        return .save(through: committedThrough)
    }
}
