/// Is told what a relay does, as it happens, on the relay's threads: must be quick and must not block. For metrics.
public protocol RelayObserver: Sendable {
    /// Leadership was won (`true`) or lost.
    func leads(_ isLeading: Bool, epoch: Int64)
    /// A cut was taken. Small cuts are counted exactly, larger ones as one row more than the bound of a small cut.
    func tookCut(rows: Int)
    /// Rows were acknowledged. `latencies` are the seconds since they were written: a count for each of
    /// ``LatencyBuckets/bounds``, and one more for all longer ones.
    func acknowledged(rows: Int, latencies: [Int])
    /// How many keys are parked now.
    func parkedKeys(_ count: Int)
    /// Publishing failed, and starts again behind the last acknowledged row.
    func failed(_ failure: PublishFailure)
    /// The database lost rows that Kafka has, and the relay goes on.
    func databaseLost(rows: Int)
    /// A wait ended.
    func wokeUp(by cause: WakeCause)
}

extension RelayObserver {
    /// Does nothing.
    public func databaseLost(rows: Int) {}
}

/// Why a wait ended.
public enum WakeCause: String, CaseIterable, Sendable {
    /// A writer notified.
    case notification
    /// A report of the publisher, the sleep lock, or a signal of another thread.
    case signal
    /// The time was over.
    case timer
}

/// A histogram of latencies, filled without a lock or an allocation per row.
public struct LatencyBuckets: Sendable {
    /// Upper bounds in seconds, ascending.
    public static let bounds: [Double] = [
        0.0001, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
        5, 10, 30, 60, 300,
        3600,
    ]
    private let microseconds = bounds.map { Int64($0 * 1_000_000) }
    /// The last row's bucket. The search begins there: in a backlog all rows are about as late.
    private var last = 0

    /// Rows in each bucket: one for each of ``bounds``, and one for all longer latencies.
    private(set) var counts = Array(repeating: 0, count: bounds.count + 1)
    /// All rows.
    private(set) var rows = 0

    /// Counts one row.
    mutating func add(microseconds value: Int64) {
        while last > 0, value <= microseconds[last - 1] { last -= 1 }
        while last < microseconds.count, value > microseconds[last] { last += 1 }
        counts[last] += 1
        rows += 1
    }

    /// Sets all counts to 0, and keeps the memory.
    mutating func reset() {
        guard rows > 0 else { return }
        for index in counts.indices { counts[index] = 0 }
        rows = 0
    }
}
