/// Quantiles of the relay's latency between two readings of its histogram.
struct LatencyQuantiles: Sendable, Equatable {
    var median: Double
    var percentile99: Double

    /// Cumulative counts by upper bound in seconds, ascending, as Prometheus writes a histogram.
    typealias Buckets = [(bound: Double, count: Double)]

    /// nil when no row was acknowledged between the two readings.
    init?(from earlier: Buckets, to later: Buckets) {
        guard earlier.count == later.count, zip(earlier, later).allSatisfy({ $0.bound == $1.bound }) else { return nil }
        let counts = zip(earlier, later).map { max(0, $1.count - $0.count) }
        guard let total = counts.last, total > 0 else { return nil }
        median = Self.quantile(0.5, later.map(\.bound), counts, total)
        percentile99 = Self.quantile(0.99, later.map(\.bound), counts, total)
    }

    /// Linear within a bucket, as Prometheus's `histogram_quantile`; the last finite bound for values beyond it.
    private static func quantile(_ part: Double, _ bounds: [Double], _ counts: [Double], _ total: Double) -> Double {
        let wanted = part * total
        guard let index = counts.firstIndex(where: { $0 >= wanted }) else { return bounds.last ?? 0 }
        guard bounds[index].isFinite else { return index > 0 ? bounds[index - 1] : 0 }
        let (low, before) = index > 0 ? (bounds[index - 1], counts[index - 1]) : (0, 0)
        let inside = counts[index] - before
        return inside > 0 ? low + (bounds[index] - low) * (wanted - before) / inside : bounds[index]
    }

    /// The buckets of a histogram in the text format of Prometheus; empty if it is not there.
    static func buckets(_ name: String, in text: String) -> Buckets {
        var buckets: Buckets = []
        for line in text.split(separator: "\n") where line.hasPrefix(name + "_bucket{") {
            guard let start = line.firstRange(of: "le=\"")?.upperBound,
                let end = line[start...].firstIndex(of: "\""),
                let bound = Double(line[start..<end].replacing("+Inf", with: "inf")),
                let count = line.split(separator: " ").last.flatMap({ Double($0) })
            else { continue }
            buckets.append((bound, count))
        }
        return buckets
    }
}
