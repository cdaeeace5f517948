/// Counts latencies without a lock or an allocation per row.
public struct LatencyBuckets: Sendable {
    /// Upper bounds in seconds.
    public static let bounds: [Double] = [
        0.0001, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
        5, 10, 30, 60, 300,
        3600,
    ]
    private let microseconds = bounds.map { Int64($0 * 1_000_000) }
    /// The last row's bucket. Neighbours are alike: in a backlog all are as late.
    private var last = 0

    private(set) var counts = Array(repeating: 0, count: bounds.count + 1)
    private(set) var rows = 0

    mutating func add(microseconds value: Int64) {
        while last > 0, value <= microseconds[last - 1] { last -= 1 }
        while last < microseconds.count, value > microseconds[last] { last += 1 }
        counts[last] += 1
        rows += 1
    }

    mutating func reset() {
        guard rows > 0 else { return }
        for index in counts.indices { counts[index] = 0 }
        rows = 0
    }
}
