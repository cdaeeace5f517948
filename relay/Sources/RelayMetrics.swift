import Admin
import Outbox

/// The relay's numbers for Prometheus.
struct RelayMetrics: RelayObserver {
    private let rows: Counter
    private let cuts: Counter
    private let cutRows: Histogram
    private let latency: Histogram
    private let parked: Gauge
    private let leader: Gauge
    private let epoch: Gauge
    private let failures: Counter
    private let wakeUps: [WakeCause: Counter]

    init(_ registry: MetricsRegistry) {
        rows = registry.counter("outbox_relay_published_rows_total", "Rows that Kafka acknowledged.")
        cuts = registry.counter("outbox_relay_cuts_total", "Cuts taken.")
        cutRows = registry.histogram(
            "outbox_relay_cut_rows", "Rows of a cut, counted up to 5001.",
            buckets: [1, 2, 5, 10, 50, 100, 500, 1000, 5000])
        latency = registry.histogram(
            "outbox_relay_latency_seconds", "From writing a row to its acknowledgement by Kafka.",
            buckets: LatencyBuckets.bounds)
        parked = registry.gauge("outbox_relay_parked_keys", "Keys that wait for an operator.")
        leader = registry.gauge("outbox_relay_leader", "1 while this relay leads.")
        epoch = registry.gauge("outbox_relay_epoch", "The epoch in which this relay leads or led.")
        failures = registry.counter(
            "outbox_relay_publish_failures_total", "Failures after which publishing began again behind the last acknowledged row.")
        wakeUps = Dictionary(
            uniqueKeysWithValues: WakeCause.allCases.map { cause in
                let counter = registry.counter(
                    "outbox_relay_wake_ups_total", "Waits that ended, by cause.", labels: [("cause", cause.rawValue)])
                return (cause, counter)
            })
    }

    func leads(_ isLeading: Bool, epoch: Int64) {
        leader.set(isLeading ? 1 : 0)
        self.epoch.set(Double(epoch))
    }

    func tookCut(rows: Int) {
        cuts.increment()
        cutRows.observe(Double(rows))
    }

    func acknowledged(rows: Int, latencies: [Int]) {
        self.rows.increment(by: rows)
        for (index, count) in latencies.enumerated() where count > 0 {
            let bounds = LatencyBuckets.bounds
            latency.observe(index < bounds.count ? bounds[index] : bounds[bounds.count - 1] * 2, count: count)
        }
    }

    func parkedKeys(_ count: Int) { parked.set(Double(count)) }
    func failed(_ failure: PublishFailure) { failures.increment() }
    func wokeUp(by cause: WakeCause) { wakeUps[cause]?.increment() }
}
