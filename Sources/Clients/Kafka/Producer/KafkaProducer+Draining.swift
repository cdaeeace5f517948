import CRDKafka

/// What `purge` takes back.
public struct KafkaPurgeScope: OptionSet, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Messages not yet sent; their reports say `.purgedFromQueue`.
    public static let queued = KafkaPurgeScope(rawValue: Int32(RD_KAFKA_PURGE_F_QUEUE))
    /// Messages sent and not acknowledged; they may be in Kafka all the same. Their reports say `.purgedInFlight`.
    public static let inFlight = KafkaPurgeScope(rawValue: Int32(RD_KAFKA_PURGE_F_INFLIGHT))
}

extension KafkaProducer {
    /// Waits until every queued message has its report, handing each to `body`. Blocks.
    ///
    /// - Returns: false if the time was up first.
    public func flush(
        _ reader: KafkaDeliveryReader, within limit: Duration, _ body: (KafkaDelivery) -> Void
    ) -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            while reader.poll() > 0 {
                for index in 0..<reader.count { body(reader[index]) }
            }
            if outstanding == 0 { return true }
            let left = deadline - ContinuousClock.now
            if left <= .zero { return false }
            reader.wait(upTo: left)
        }
    }

    /// Takes messages back. Their reports still come, with a code that says so.
    public func purge(_ scope: KafkaPurgeScope) throws(KafkaError) {
        try KafkaError.check(rd_kafka_purge(client.pointer, scope.rawValue), "purge")
    }
}
