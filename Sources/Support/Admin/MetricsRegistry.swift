import Synchronization

/// The metrics of a process, in the text format of Prometheus.
///
/// Ask for each metric once, at start, and keep the object: updating it is one atomic operation. Asking again for the
/// same name and labels gives the same object.
public final class MetricsRegistry: Sendable {
    private let families = Mutex<[String: MetricFamily]>([:])

    public init() {}

    /// A number that only grows. By convention the name ends in `_total`.
    public func counter(_ name: String, _ help: String, labels: [(String, String)] = []) -> Counter {
        metric(name, help, "counter", labels) { Counter() }
    }

    /// A number that goes up and down.
    public func gauge(_ name: String, _ help: String, labels: [(String, String)] = []) -> Gauge {
        metric(name, help, "gauge", labels) { Gauge() }
    }

    /// A number that is asked for at every scrape; `value` must be quick and must not block.
    public func gauge(
        _ name: String, _ help: String, labels: [(String, String)] = [], value: @escaping @Sendable () -> Double
    ) {
        _ = metric(name, help, "gauge", labels) { ComputedGauge(value) }
    }

    /// How often values fell into each bucket; `buckets` are upper bounds in the unit that the name ends in.
    public func histogram(
        _ name: String, _ help: String, buckets: [Double], labels: [(String, String)] = []
    ) -> Histogram {
        metric(name, help, "histogram", labels) { Histogram(buckets: buckets) }
    }

    /// The exposition text.
    public func render() -> String {
        let snapshot = families.withLock { $0 }
        var text = ""
        for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.type)\n"
            for (labels, metric) in family.metrics.sorted(by: { $0.key < $1.key }) {
                metric.write(name: name, labels: labels, to: &text)
            }
        }
        return text
    }

    private func metric<M: Metric>(
        _ name: String, _ help: String, _ type: String, _ labels: [(String, String)], make: () -> M
    ) -> M {
        let key = labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",")
        return families.withLock { families in
            var family = families[name] ?? MetricFamily(help: help, type: type)
            defer { families[name] = family }
            if let known = family.metrics[key] as? M { return known }
            let made = make()
            family.metrics[key] = made
            return made
        }
    }

    private static func escape(_ value: String) -> String {
        value.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
            .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }
}

/// All metrics of one name.
struct MetricFamily: Sendable {
    let help: String
    let type: String
    /// By their rendered labels.
    var metrics: [String: any Metric] = [:]
}

/// What a registry can render.
protocol Metric: Sendable {
    func write(name: String, labels: String, to text: inout String)
}
