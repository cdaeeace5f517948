/// One cut on its way to Kafka, row by row or in transactions.
protocol CutDrain {
    /// All rows of the cut are read and offered.
    var isOffered: Bool { get }
    /// The pause before the next cut has begun.
    var hasRested: Bool { get set }
    /// The next action: `.advance` when the cut is drained, `.stop` when asked to stop and nothing is in flight.
    mutating func next(_ input: RelayInput) -> RelayAction
}

/// One cut on its way to Kafka at least once: what is read, offered, settled and saved.
struct Drain: CutDrain, Equatable, Sendable {
    /// Rows up to this outbox id are read.
    private(set) var fetchedThrough: Int64
    /// The checkpoint's `drainedThrough`.
    private(set) var savedThrough: Int64
    /// No rows are left to read.
    private(set) var isFetched = false
    /// The current chunk has rows that were not offered.
    private(set) var hasUnoffered = false
    /// The publisher was full at the last offer, or rows go one by one and one is in flight.
    private(set) var isBlocked = false
    /// The last rows of the chunks that are not saved, oldest first: saving per chunk keeps the checkpoint cheap.
    private(set) var chunkEnds: [Int64] = []
    /// Rows up to this outbox id go one by one: one of them was refused.
    private(set) var oneByOneThrough: Int64?
    var hasRested = false
    private var savingThrough: Int64?

    var isOffered: Bool { isFetched && !hasUnoffered }

    /// - Parameter drainedThrough: the checkpoint's.
    init(from drainedThrough: Int64) {
        fetchedThrough = drainedThrough
        savedThrough = drainedThrough
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
            chunkEnds.append(lastID)
        case .offered(let all):
            hasUnoffered = !all
            isBlocked = !all
        case .waited, .abandoned:
            isBlocked = false
        case .saved:
            savedThrough = savingThrough ?? savedThrough
            savingThrough = nil
        case .led, .advanced, .foundNothing, .committed, .notCommitted, .awaitingRecord, .recovered, .notRecovered,
            .sealed, .release:
            preconditionFailure("\(event) while draining")
        }
    }

    mutating func next(_ input: RelayInput) -> RelayAction {
        if let end = endToSave(input) { return save(end) }
        if input.isStopping { return settle(input) }
        if hasUnoffered {
            return isBlocked ? .wait(Self.reportWait) : .offer(OfferLimits(oneByOneThrough: oneByOneThrough))
        }
        if !isFetched && input.span < OutboxLimits.rowsInFlight { return .fetch(after: fetchedThrough) }
        if isFetched && input.span == 0 { return .advance }
        return .wait(Self.reportWait)
    }

    /// Starts again behind the settled rows, because something in flight failed.
    mutating func restart(settledThrough: Int64?, after failure: RelayInput.ReportedFailure) {
        let suspects = failure.reason.isPermanent ? failure.newest : nil
        let start = max(savedThrough, settledThrough ?? savedThrough)
        assert(start <= fetchedThrough, "rows are settled that were not read")
        let (saved, earlier) = (savedThrough, oneByOneThrough)
        self = Drain(from: start)
        savedThrough = saved
        oneByOneThrough = [suspects, earlier].compactMap { $0 }.max()
    }

    private mutating func endToSave(_ input: RelayInput) -> Int64? {
        guard let settled = input.settledThrough, let reached = chunkEnds.lastIndex(where: { $0 <= settled }) else {
            return nil
        }
        let end = chunkEnds[reached]
        chunkEnds.removeSubrange(...reached)
        // Finishing the cut makes saving its last chunk unnecessary.
        let isEndOfCut = isOffered && input.span == 0
        return isEndOfCut ? nil : end
    }

    private mutating func save(_ end: Int64) -> RelayAction {
        assert(end >= savedThrough && end <= fetchedThrough, "saved must stay between the last save and what was read")
        savingThrough = end
        return .save(through: end)
    }

    /// Asked to stop: offers no more, waits for what is in flight and saves exactly that, so that a clean stop repeats
    /// no row. A cut that is drained is finished; if that takes another cut, the next leader publishes it.
    private mutating func settle(_ input: RelayInput) -> RelayAction {
        if input.span > 0 { return .wait(Self.reportWait) }
        if let settled = input.settledThrough, settled > savedThrough { return isOffered ? .advance : save(settled) }
        return .stop
    }

    /// Reports ring the wake descriptor; this only bounds a wait without any.
    static let reportWait = Duration.seconds(1)
}
