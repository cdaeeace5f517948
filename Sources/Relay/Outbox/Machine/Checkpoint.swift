/// How far the relay is. It is stored as a whole: a checkpoint without one of its parts loses or inverts rows after a
/// crash.
struct Checkpoint: Hashable, Sendable {
    /// Grows by one with every change of leader.
    var epoch: Int64
    /// The number of the newest cut. Grows by one with every cut; a rebase sets it to a far higher number.
    var cut: Int64
    /// Every row visible in it is in Kafka, or held for a parked key.
    var published: Snapshot
    /// The cut that is being published: its rows are those visible in it and not in `published`. nil between two cuts.
    var draining: Snapshot?
    /// Rows of the cut up to this outbox id are settled; 0 at the beginning of a cut.
    var drainedThrough: Int64

    /// Whether a relay may move the checkpoint from `old` to this one: it only moves forward.
    func follows(_ old: Checkpoint) -> Bool {
        let hasSameCut = cut == old.cut && draining == old.draining
        return epoch >= old.epoch && cut >= old.cut && published.xmax >= old.published.xmax
            && (draining?.xmax ?? published.xmax) >= (old.draining?.xmax ?? old.published.xmax)
            && (!hasSameCut || drainedThrough >= old.drainedThrough)
    }
}

/// A `pg_snapshot`: which transactions had ended when it was taken.
///
/// A transaction is visible if its id is below `xmax` and not in `inProgress`. Whether a visible transaction was
/// committed or rolled back is decided by Postgres (MVCC) when its rows are read.
struct Snapshot: Hashable, Sendable {
    /// Transactions with this id or a higher one had not ended.
    let xmax: UInt64
    /// Transactions below `xmax` that had not ended either, ascending.
    let inProgress: [UInt64]
    /// Postgres's own text form, `xmin:xmax:xip1,xip2`.
    let text: String

    /// Reads Postgres's text form. nil if `text` has another form.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, UInt64(parts[0]) != nil, let xmax = UInt64(parts[1]) else { return nil }
        let listed = parts[2].split(separator: ",").map { UInt64($0) }
        guard !listed.contains(nil) else { return nil }
        self.xmax = xmax
        self.inProgress = listed.compactMap { $0 }
        self.text = text
    }

    /// Whether a transaction had ended; the same rule as `pg_visible_in_snapshot`.
    func sees(_ transaction: UInt64) -> Bool {
        transaction < xmax && !inProgress.contains(transaction)
    }

    /// `inProgress` as the text of an array parameter.
    var inProgressArray: String {
        "{" + inProgress.map { String($0) }.joined(separator: ",") + "}"
    }
}
