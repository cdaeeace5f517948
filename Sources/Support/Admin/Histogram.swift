import Synchronization

/// Counts of values by bucket, with their sum.
public final class Histogram: Metric {
    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(buckets: [Double]) {
        bounds = buckets.sorted()
        state = Mutex(State(counts: Array(repeating: 0, count: buckets.count + 1)))
    }

    /// Adds `count` observations of the same value.
    public func observe(_ value: Double, count: Int = 1) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[index] += count
            $0.sum += value * Double(count)
        }
    }

    func write(name: String, labels: String, to text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "" : labels + ","
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        var cumulative = 0
        for (bound, count) in zip(bounds.map { "\($0)" } + ["+Inf"], counts) {
            cumulative += count
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(cumulative)\n"
        }
        text += "\(name)_sum\(suffix) \(sum)\n\(name)_count\(suffix) \(cumulative)\n"
    }
}
