import Operations

/// What the charts show: one point every few seconds, for the last minutes.
struct StatusHistory: Sendable {
    /// One point of the charts. A value that is not known is left out.
    struct Sample: Encodable, Sendable {
        var at: Moment
        /// Requests of clients per second.
        var requests: Double?
        /// Rows per second.
        var written: Double?
        var published: Double?
        /// Unpublished rows.
        var backlog: Int?
        var oldestAgeSeconds: Double?
        /// From writing a row to its acknowledgement, as the leading relay measures it.
        var latencyP50Seconds: Double?
        var latencyP99Seconds: Double?
    }

    private(set) var samples: [Sample] = []

    /// Adds a point, unless the newest one is too near; forgets the points that are too old.
    ///
    /// - Returns: the point, if it was added.
    mutating func add(_ status: OutboxStatus, latency: LatencyQuantiles?, requests: Double?) -> Sample? {
        add(
            Sample(
                at: status.takenAt, requests: requests, written: status.rates?.written,
                published: status.rates?.published,
                backlog: status.backlog?.rows, oldestAgeSeconds: status.backlog?.oldestAgeSeconds,
                latencyP50Seconds: latency?.median, latencyP99Seconds: latency?.percentile99))
    }

    /// The same of the relay's own count.
    mutating func add(_ relay: RelayReading?, requests: Double?) {
        guard let relay else { return }
        _ = add(
            Sample(
                at: relay.at, requests: requests, written: relay.rates?.written, published: relay.rates?.published,
                backlog: Int(relay.unpublished), oldestAgeSeconds: relay.oldestAgeSeconds,
                latencyP50Seconds: relay.latency?.median, latencyP99Seconds: relay.latency?.percentile99))
    }

    private mutating func add(_ sample: Sample) -> Sample? {
        if let newest = samples.last, sample.at.seconds(since: newest.at) < ConsoleLimits.historyStepSeconds {
            return nil
        }
        samples.append(sample)
        let oldest = sample.at.microseconds - Int64(ConsoleLimits.historySeconds) * 1_000_000
        samples.removeAll { $0.at.microseconds < oldest }
        return sample
    }
}
