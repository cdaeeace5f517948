/// One cut on its way to Kafka exactly once, in transactions of one or more chunks: offered, committed with a record,
/// saved.
///
/// Publishing starts again behind what Kafka says is committed, not behind what was merely acknowledged. A refused row
/// undoes its whole transaction. It is found by halving transactions: each that succeeds is progress.
struct TransactionDrain: CutDrain, Equatable, Sendable {
    /// Rows up to this outbox id are read.
    private(set) var fetchedThrough: Int64
    /// Rows up to this outbox id are committed in Kafka.
    private(set) var committedThrough: Int64
    /// The checkpoint's `drainedThrough`.
    private(set) var savedThrough: Int64
    /// No rows are left to read.
    private(set) var isFetched = false
    /// The current chunk has rows that were not offered.
    private(set) var hasUnoffered = false
    /// The publisher was full at the last offer.
    private(set) var isBlocked = false
    /// Rows are offered, and their transaction goes on behind them.
    private(set) var hasUnsealed = false
    /// The open transaction is complete, this being its last row. Rows read since wait for the next transaction.
    private(set) var sealedThrough: Int64?
    /// The last commit found that the record is not acknowledged.
    private(set) var isAwaitingRecord = false
    /// The publisher was dropped: a new one has to be opened and Kafka's record read.
    private(set) var needsRecovery = false
    var hasRested = false
    /// Rows are searched for the one that was refused.
    private var search: Search?
    private var committingThrough: Int64?
    private var savingThrough: Int64?

    private struct Search: Equatable, Sendable {
        /// Rows up to this outbox id are suspects.
        var through: Int64
        /// How many of them go in one transaction.
        var rowsPerTransaction: Int
    }

    var isOffered: Bool { isFetched && !hasUnoffered && !hasUnsealed }

    /// - Parameters:
    ///   - committed: rows of the cut up to this outbox id are committed in Kafka.
    ///   - saved: the checkpoint's `drainedThrough`; not above `committed`.
    init(from committed: Int64, saved: Int64) {
        fetchedThrough = committed
        committedThrough = committed
        savedThrough = saved
        assertOrder()
    }

    /// Takes in the answer to the last action.
    mutating func note(_ event: RelayEvent) {
        switch event {
        case .fetched(let rows, let lastID, let isLast):
            isFetched = isLast
            guard rows > 0 else { return }
            assert(lastID > fetchedThrough, "a chunk goes back")
            fetchedThrough = lastID
            hasUnoffered = true
            isBlocked = false
        case .offered(let all):
            hasUnoffered = !all
            hasUnsealed = hasUnsealed || all
            isBlocked = !all
        case .sealed(let through, let all):
            sealedThrough = through
            hasUnoffered = !all
            hasUnsealed = false
            isBlocked = false
        case .committed:
            committedThrough = committingThrough ?? committedThrough
            sealedThrough = nil
            if let search, committedThrough >= search.through { self.search = nil }
        case .awaitingRecord:
            isAwaitingRecord = true
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
            isAwaitingRecord = false
        case .notCommitted, .notRecovered:
            break
        case .led, .advanced, .foundNothing, .release:
            preconditionFailure("\(event) while draining")
        }
        assertOrder()
    }

    private func assertOrder() {
        assert(
            savedThrough <= committedThrough && committedThrough <= fetchedThrough,
            "saved \(savedThrough), committed \(committedThrough) and read \(fetchedThrough) are out of order")
    }

    mutating func next(_ input: RelayInput) -> RelayAction {
        if isAwaitingRecord { return .wait(Drain.reportWait) }
        if input.isStopping { return settle(input) }
        if needsRecovery { return .recover }
        if let sealedThrough { return finishTransaction(sealedThrough, input) }
        // Finishing the cut makes saving its last chunk unnecessary.
        if committedThrough > savedThrough, !isOffered { return save() }
        // The last chunk can be empty: then it ends the transaction of the one before.
        if hasUnoffered || isFetched && hasUnsealed {
            return isBlocked ? .wait(Drain.reportWait) : .offer(offerLimits)
        }
        return isOffered ? .advance : .fetch(after: fetchedThrough)
    }

    private var offerLimits: OfferLimits {
        search.map { OfferLimits(rowsPerTransaction: $0.rowsPerTransaction) } ?? .none
    }

    /// Starts again behind what is committed, because something failed: the transaction is undone as a whole.
    mutating func restart(after failure: RelayInput.ReportedFailure) {
        let search = search(after: failure)
        self = TransactionDrain(from: committedThrough, saved: savedThrough)
        self.search = search
    }

    private func search(after failure: RelayInput.ReportedFailure) -> Search? {
        if failure.isFound { return nil }
        guard failure.reason.isPermanent else { return search }
        return Search(through: max(failure.newest, search?.through ?? 0), rowsPerTransaction: max(1, failure.rows / 2))
    }

    /// Reads the next chunk while the brokers work, and commits when they have acknowledged everything.
    private mutating func finishTransaction(_ end: Int64, _ input: RelayInput) -> RelayAction {
        if !isFetched, !hasUnoffered { return .fetch(after: fetchedThrough) }
        return input.span == 0 ? commit(end) : .wait(Drain.reportWait)
    }

    /// Asked to stop: offers no more, and commits and saves what was offered.
    private mutating func settle(_ input: RelayInput) -> RelayAction {
        if !needsRecovery {
            if input.span > 0 { return .wait(Drain.reportWait) }
            if let settled = input.settledThrough, settled > committedThrough { return commit(settled) }
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
