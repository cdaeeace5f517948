/// Is told what a relay does, as it happens, on the relay's threads: must be quick and must not block. For metrics.
public protocol RelayObserver: Sendable {
    /// Leadership was won (`true`) or lost.
    func leads(_ isLeading: Bool, epoch: Int64)
    /// A cut was taken; small cuts are counted exactly, larger ones up to the bound of a small cut and one more.
    func tookCut(rows: Int)
    /// Rows were acknowledged, with the seconds since they were written: counts for each of ``LatencyBuckets/bounds``,
    /// and one more for all above.
    func acknowledged(rows: Int, latencies: [Int])
    /// How many keys are parked now.
    func parkedKeys(_ count: Int)
    /// Publishing failed and starts again behind the last acknowledged row.
    func failed(_ failure: PublishFailure)
    /// A wait ended.
    func wokeUp(by cause: WakeCause)
}

/// Why a wait ended.
public enum WakeCause: String, CaseIterable, Sendable {
    /// A writer notified.
    case notification
    /// A report, the sleep lock or a signal.
    case signal
    /// Nothing happened for so long.
    case timer
}
