import Kafka

/// Asks whether a partition may be read. librdkafka tells once per partition that a fetch was refused, such as after a
/// right was taken away, and not when fetches succeed again; metadata, which needs another right, does not tell either.
struct FetchProbe {
    private let configuration: KafkaConfiguration

    /// - Parameter configuration: of the member.
    init(_ configuration: KafkaConfiguration) {
        var probing = configuration
        probing["enable.partition.eof"] = "true"
        probing["fetch.wait.max.ms"] = "10"
        self.configuration = probing
    }

    /// Fetches from the partition's end with a client of its own, which joins no group. Blocks, at most for `limit`.
    ///
    /// - Returns: why it may not be read; nil if it may.
    func failure(of partition: KafkaPartition, within limit: Duration) -> String? {
        do {
            return try fetch(partition, until: .now + limit)
        } catch {
            return "\(error)"
        }
    }

    private func fetch(
        _ partition: KafkaPartition, until deadline: ContinuousClock.Instant
    ) throws(KafkaError) -> String? {
        let consumer = try KafkaConsumer(configuration, groupID: "fetch-probe")
        try consumer.assign([partition: .end])
        while .now < deadline {
            switch consumer.poll() {
            case .reachedEnd, .records: return nil
            case .partitionFailed(_, let error): return "\(error)"
            // The coordinator of the group is looked for in vain where the member may not use it.
            case .failed(let error) where error.code != .groupAuthorizationFailed: return "\(error)"
            case nil: consumer.wait(upTo: deadline - .now)
            default: break
            }
        }
        return "\(partition): a fetch was not answered in time"
    }
}
