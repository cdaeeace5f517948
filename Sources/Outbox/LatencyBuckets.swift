/// Counts latencies without a lock or an allocation per row.
public struct LatencyBuckets: Sendable {
    /// Upper bounds in seconds.
    public static let bounds: [Double] = [
        0.0001, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
        3600,
    ]
    private static let microseconds = bounds.map { Int64($0 * 1_000_000) }

    private(set) var counts = Array(repeating: 0, count: bounds.count + 1)
    private(set) var rows = 0

    mutating func add(microseconds: Int64) {
        var index = 0
        while index < Self.microseconds.count, microseconds > Self.microseconds[index] { index += 1 }
        counts[index] += 1
        rows += 1
    }

    mutating func reset() {
        guard rows > 0 else { return }
        for index in counts.indices { counts[index] = 0 }
        rows = 0
    }
}
