/// One cut on its way to Kafka: what was read, offered, settled and saved.
struct Drain: CutDrain, Equatable, Sendable {
    /// Rows were read up to here.
    private(set) var fetchedThrough: Int64
    /// The checkpoint's `drainedThrough`.
    private(set) var savedThrough: Int64
    /// No rows are left to read.
    private(set) var isFetched = false
    /// The current chunk has rows that were not offered.
    private(set) var hasUnoffered = false
    /// The publisher was full at the last offer, or rows go one by one and one is in flight.
    private(set) var isBlocked = false
    /// The ends of chunks that are not saved, oldest first: saving per chunk keeps the checkpoint cheap.
    private(set) var chunkEnds: [Int64] = []
    /// Up to this row rows go one by one: one of them was refused.
    private(set) var probeThrough: Int64?
    /// The pause before the next cut has begun.
    var hasRested = false
    private var savingThrough: Int64?

    /// All rows of the cut are with the publisher.
    var isOffered: Bool { isFetched && !hasUnoffered }

    init(from drainedThrough: Int64) {
        fetchedThrough = drainedThrough
        savedThrough = drainedThrough
    }

    mutating func note(_ event: RelayEvent) {
        switch event {
        case .fetched(let rows, let lastID, let isLast):
            isFetched = isLast
            guard rows > 0 else { return }
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
        case .led, .advanced, .foundNothing, .undone, .committed, .notCommitted, .recovered, .notRecovered, .sealed:
            preconditionFailure("\(event) while draining")
        }
    }

    /// The next action; `.advance` when the cut is drained, `.stop` when asked to and nothing is in flight.
    mutating func next(_ sight: RelaySight) -> RelayAction {
        if let end = endToSave(sight) { return save(end) }
        if sight.isStopping { return wrapUp(sight) }
        if hasUnoffered { return isBlocked ? .wait(Self.reportWait) : .offer }
        if !isFetched && sight.span < OutboxLimits.rowsInFlight { return .fetch(after: fetchedThrough) }
        if isFetched && sight.span == 0 { return .advance }
        return .wait(Self.reportWait)
    }

    /// Starts again behind the settled front, because something in flight failed.
    mutating func restart(settledThrough: Int64?, after failure: RelaySight.ReportedFailure) {
        let probes = failure.kind == .row || failure.kind == .topic ? failure.newest : nil
        self = Drain(
            from: max(savedThrough, settledThrough ?? savedThrough), saved: savedThrough,
            probes: [probes, probeThrough].compactMap { $0 }.max())
    }

    private init(from start: Int64, saved: Int64, probes: Int64?) {
        fetchedThrough = start
        savedThrough = saved
        probeThrough = probes
    }

    private mutating func endToSave(_ sight: RelaySight) -> Int64? {
        guard let settled = sight.settledThrough, let reached = chunkEnds.lastIndex(where: { $0 <= settled }) else {
            return nil
        }
        let end = chunkEnds[reached]
        chunkEnds.removeSubrange(...reached)
        // Finishing the cut says more than saving its last chunk would.
        let isEndOfCut = isOffered && sight.span == 0
        return isEndOfCut ? nil : end
    }

    private mutating func save(_ end: Int64) -> RelayAction {
        savingThrough = end
        return .save(through: end)
    }

    /// Offers no more, waits for what is in flight and saves exactly that: no row is published twice after a clean
    /// stop. A cut that is drained is finished; if another is taken with that, it is the next leader's.
    private mutating func wrapUp(_ sight: RelaySight) -> RelayAction {
        if sight.span > 0 { return .wait(Self.reportWait) }
        if let settled = sight.settledThrough, settled > savedThrough { return isOffered ? .advance : save(settled) }
        return .stop
    }

    /// Reports ring the wake descriptor; this only bounds a wait in which none comes.
    static let reportWait = Duration.seconds(1)
}
