import Synchronization

/// One metric of a registry, with one set of labels.
protocol Metric: Sendable {
    /// Appends the samples in the text format of Prometheus.
    ///
    /// - Parameter labels: rendered and escaped, `a="b",c="d"`; empty without labels.
    func write(name: String, labels: String, to text: inout String)
}

/// A number that only grows. All functions may be called from any thread.
public final class Counter: Metric {
    private let value = Atomic<Int>(0)

    /// Adds `amount`, which is not negative.
    public func increment(by amount: Int = 1) {
        assert(amount >= 0, "a counter only grows")
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The sum of all increments.
    public var total: Int { value.load(ordering: .relaxed) }

    /// Replaces the total, for a number that is counted elsewhere; it must not shrink.
    public func set(_ total: Int) {
        value.store(total, ordering: .relaxed)
    }

    func write(name: String, labels: String, to text: inout String) {
        writeSample(name, labels, "\(total)", to: &text)
    }
}

/// A number that goes up and down. All functions may be called from any thread.
public final class Gauge: Metric {
    private let bits = Atomic<UInt64>(0)

    /// Replaces the value.
    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// The value set last; 0 before that.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func write(name: String, labels: String, to text: inout String) {
        writeSample(name, labels, "\(value)", to: &text)
    }
}

/// A number that only grows and is counted elsewhere.
final class ComputedCounter: Metric {
    private let value: @Sendable () -> Int

    init(_ value: @escaping @Sendable () -> Int) {
        self.value = value
    }

    func write(name: String, labels: String, to text: inout String) {
        writeSample(name, labels, "\(value())", to: &text)
    }
}

/// A number that is computed at every scrape, such as an age.
final class ComputedGauge: Metric {
    private let value: @Sendable () -> Double

    init(_ value: @escaping @Sendable () -> Double) {
        self.value = value
    }

    func write(name: String, labels: String, to text: inout String) {
        writeSample(name, labels, "\(value())", to: &text)
    }
}

/// Counts of values by bucket, with their sum. All functions may be called from any thread.
public final class Histogram: Metric {
    private struct State {
        /// Of each bucket, then of the values above the last bound.
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter buckets: the upper bounds, which belong to their buckets.
    init(buckets: [Double]) {
        bounds = buckets.sorted()
        state = Mutex(State(counts: Array(repeating: 0, count: buckets.count + 1)))
    }

    /// Adds `count` observations of the same value, in the unit that the metric's name ends in.
    public func observe(_ value: Double, count: Int = 1) {
        assert(count >= 0, "an observation is not taken back")
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[index] += count
            $0.sum += value * Double(count)
        }
    }

    func write(name: String, labels: String, to text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "" : labels + ","
        var cumulative = 0
        for (bound, count) in zip(bounds.map { "\($0)" } + ["+Inf"], counts) {
            cumulative += count
            writeSample(name + "_bucket", "\(prefix)le=\"\(bound)\"", "\(cumulative)", to: &text)
        }
        writeSample(name + "_sum", labels, "\(sum)", to: &text)
        writeSample(name + "_count", labels, "\(cumulative)", to: &text)
    }
}

private func writeSample(_ name: String, _ labels: String, _ value: String, to text: inout String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
}
