import Listening
import Runtime
import Synchronization

/// The metrics of a process, in the text format of Prometheus.
///
/// Ask for each metric once, at start, and keep the object: updating it is one atomic operation. Asking again for the
/// same name and labels gives the same object. One name has one type. All functions may be called from any thread.
public final class MetricsRegistry: Sendable {
    private let families = Mutex<[String: MetricFamily]>([:])

    /// A registry without metrics.
    public init() {}

    /// A number that only grows. By convention the name ends in `_total`.
    ///
    /// - Parameters:
    ///   - help: one line for the reader of the metrics.
    ///   - labels: names and values; values are escaped.
    public func counter(_ name: String, _ help: String, labels: [(String, String)] = []) -> Counter {
        metric(name, help, "counter", labels) { Counter() }
    }

    /// A number that only grows and is counted elsewhere: it is asked for at every scrape.
    ///
    /// - Parameter value: must be quick and must not block.
    public func counter(
        _ name: String, _ help: String, labels: [(String, String)] = [], value: @escaping @Sendable () -> Int
    ) {
        _ = metric(name, help, "counter", labels) { ComputedCounter(value) }
    }

    /// A number that goes up and down. By convention the name ends in its unit.
    public func gauge(_ name: String, _ help: String, labels: [(String, String)] = []) -> Gauge {
        metric(name, help, "gauge", labels) { Gauge() }
    }

    /// A number that is computed at every scrape.
    ///
    /// - Parameter value: must be quick and must not block.
    public func gauge(
        _ name: String, _ help: String, labels: [(String, String)] = [], value: @escaping @Sendable () -> Double
    ) {
        _ = metric(name, help, "gauge", labels) { ComputedGauge(value) }
    }

    /// Counts of values by bucket.
    ///
    /// - Parameter buckets: upper bounds in the unit that the name ends in.
    public func histogram(
        _ name: String, _ help: String, buckets: [Double], labels: [(String, String)] = []
    ) -> Histogram {
        metric(name, help, "histogram", labels) { Histogram(buckets: buckets) }
    }

    /// The metrics that every process has: those of its log, its listening sockets and its connections to the database.
    /// Call it once for the registry of
    /// a process.
    public func addProcessMetrics() {
        counter("log_lines_dropped_total", "Log lines dropped because standard error took none.") {
            ServiceProcess.droppedLogLines
        }
        counter("log_write_failures_total", "Writes of log lines that failed and were tried again.") {
            ServiceProcess.failedLogWrites
        }
        counter("connections_refused_total", "New connections closed at once, because of the bound.") {
            ListeningCounts.refused.total
        }
        counter("connections_closed_for_new_total", "Quiet connections closed for new ones, because of the bound.") {
            ListeningCounts.closed.total
        }
        counter("accept_pauses_total", "Pauses of accept, because no file descriptor was left.") {
            ListeningCounts.pauses.total
        }
        counter("postgres_late_statements_total", "Statements whose answer was later than their class allows.") {
            DatabaseHealth.lateStatements
        }
        gauge("postgres_late_statements", "Such statements that still wait.") { Double(DatabaseHealth.lateNow) }
        counter("postgres_connections_lost_total", "Connections to Postgres that broke or were given up.") {
            DatabaseHealth.connectionsLost
        }
        gauge("postgres_clock_skew_seconds", "The clock of Postgres minus the clock of this machine.") {
            DatabaseHealth.clockSkew / .seconds(1)
        }
    }

    /// All metrics in the text format of Prometheus, sorted by name and labels.
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
            assert(family.type == type, "a metric has one type under all labels")
            defer { families[name] = family }
            if let known = family.metrics[key] as? M { return known }
            assert(family.metrics[key] == nil, "a metric is either set or computed")
            let made = make()
            family.metrics[key] = made
            return made
        }
    }

    /// Escapes the value of a label: backslash, quotation mark and line feed.
    private static func escape(_ value: String) -> String {
        value.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
            .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }
}

/// All metrics of one name.
private struct MetricFamily: Sendable {
    let help: String
    let type: String
    /// By their rendered labels.
    var metrics: [String: any Metric] = [:]
}
