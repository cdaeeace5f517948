import Operations

/// What the metrics of the order service tell about its clients.
struct ServerReading: Sendable {
    /// Of this process's clock.
    var at: Moment
    /// Requests that were answered since the service's start, over both transports.
    var requests: Double
    /// Since the reading before; nil without one.
    var perSecond: Double?

    /// nil if the service has answered none yet, or counts none.
    init?(_ metrics: String, at: Moment) {
        let counts = metrics.split(separator: "\n").filter { $0.hasPrefix("orders_requests_total{") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
        guard !counts.isEmpty else { return nil }
        self.at = at
        requests = counts.reduce(0, +)
    }

    /// Fills in what needs two readings of one process.
    mutating func compare(with earlier: ServerReading?) {
        guard let earlier, requests >= earlier.requests else { return }
        let seconds = at.seconds(since: earlier.at)
        if seconds > 0 { perSecond = (requests - earlier.requests) / seconds }
    }
}
