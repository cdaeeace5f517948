import Operations

/// What the metrics of the leading relay tell about its outbox: the points of the charts while nobody asks Postgres.
struct RelayReading: Sendable {
    /// Of this process's clock.
    var at: Moment
    /// Rows that Kafka acknowledged since the relay's start.
    var published: Double
    /// Rows that wait.
    var unpublished: Double
    var oldestAgeSeconds: Double
    /// Of the histogram of the latency.
    var buckets: LatencyQuantiles.Buckets
    /// Since the reading before; nil if nothing was acknowledged.
    var latency: LatencyQuantiles?
    /// Rows per second since the reading before; nil without one.
    var rates: (written: Double, published: Double)?

    /// nil if the relay does not lead, or leads several outboxes.
    init?(_ metrics: String, at: Moment) {
        func value(_ name: String) -> Double? {
            let lines = metrics.split(separator: "\n").filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
            guard lines.count == 1 else { return nil }
            return lines[0].split(separator: " ").last.flatMap { Double($0) }
        }
        guard value("outbox_relay_leader") == 1, let published = value("outbox_relay_published_rows_total"),
            let unpublished = value("outbox_relay_unpublished_rows")
        else { return nil }
        self.at = at
        self.published = published
        self.unpublished = unpublished
        oldestAgeSeconds = value("outbox_relay_oldest_unpublished_age_seconds") ?? 0
        buckets = LatencyQuantiles.buckets("outbox_relay_latency_seconds", in: metrics)
    }

    /// Fills in what needs two readings of one process.
    mutating func compare(with earlier: RelayReading?) {
        guard let earlier, published >= earlier.published else { return }
        latency = LatencyQuantiles(from: earlier.buckets, to: buckets)
        let seconds = at.seconds(since: earlier.at)
        guard seconds > 0 else { return }
        let out = published - earlier.published
        rates = (max(0, out + unpublished - earlier.unpublished) / seconds, out / seconds)
    }
}
