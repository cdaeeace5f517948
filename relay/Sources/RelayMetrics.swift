import Admin
import Outbox
import OutboxKafka

/// The numbers of one outbox's relay for Prometheus; where there are several, the label `outbox` tells them apart.
struct RelayMetrics: RelayObserver {
    private let rows: Counter
    private let cuts: Counter
    private let cutRows: Histogram
    private let latency: Histogram
    private let parked: Gauge
    private let leader: Gauge
    private let epoch: Gauge
    private let failures: Counter
    private let lostRows: Counter
    private let resets: Counter
    private let deleted: Counter
    private let wakeUps: [WakeCause: Counter]

    /// - Parameter outbox: nil for the only outbox of a process: its metrics have no label.
    init(_ registry: MetricsRegistry, outbox: String?) {
        let labels = outbox.map { [("outbox", $0)] } ?? []
        rows = registry.counter("outbox_relay_published_rows_total", "Rows that Kafka acknowledged.", labels: labels)
        cuts = registry.counter("outbox_relay_cuts_total", "Cuts taken.", labels: labels)
        cutRows = registry.histogram(
            "outbox_relay_cut_rows", "Rows of a cut, counted up to 5001.",
            buckets: [1, 2, 5, 10, 50, 100, 500, 1000, 5000], labels: labels)
        latency = registry.histogram(
            "outbox_relay_latency_seconds", "From writing a row to its acknowledgement by Kafka.",
            buckets: LatencyBuckets.bounds, labels: labels)
        parked = registry.gauge("outbox_relay_parked_keys", "Keys that wait for an operator.", labels: labels)
        leader = registry.gauge("outbox_relay_leader", "1 while this relay leads.", labels: labels)
        epoch = registry.gauge("outbox_relay_epoch", "The epoch in which this relay leads or led.", labels: labels)
        failures = registry.counter(
            "outbox_relay_publish_failures_total",
            "Failures after which publishing began again behind the last acknowledged row.",
            labels: labels)
        lostRows = registry.counter(
            "outbox_relay_rows_lost_by_database_total",
            "Rows that Kafka has and the database lost, with RELAY_AFTER_DATA_LOSS=continue.", labels: labels)
        resets = registry.counter(
            "outbox_relay_partition_resets_total",
            "Partitions whose offsets went back: rows published before are not in them.", labels: labels)
        deleted = registry.counter(
            "outbox_relay_records_deleted_early_total",
            "Records deleted within ten minutes of their publishing, as their offsets show.", labels: labels)
        wakeUps = Dictionary(
            uniqueKeysWithValues: WakeCause.allCases.map { cause in
                let counter = registry.counter(
                    "outbox_relay_wake_ups_total", "Waits that ended, by cause.",
                    labels: labels + [("cause", cause.rawValue)])
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
    func databaseLost(rows: Int) { lostRows.increment(by: rows) }

    /// Acknowledged records are gone.
    func lost(_ loss: RecordLoss) {
        switch loss.cause {
        case .reset: resets.increment()
        case .deleted: deleted.increment(by: Int(loss.to - loss.from))
        }
    }

    func wokeUp(by cause: WakeCause) { wakeUps[cause]?.increment() }
}
