/// The way of one event from the transaction that wrote it to the programs that acted on it.
public struct EventLife: Codable, Sendable {
    /// The row.
    public var event: OutboxEvent
    /// When its transaction committed; nil unless Postgres runs with `track_commit_timestamp`.
    public var committedAt: Moment?
    /// Whether its transaction was still in progress when a cut was taken, so that the row came in a later one; nil if
    /// that cannot be told any more.
    public var isLate: Bool?
    /// Why it waits; nil if it does not.
    public var waits: String?
    /// The operators' decisions about its key, newest first.
    public var decisions: [Decision]
    /// Where it is in Kafka; nil if nobody looked.
    public var kafka: KafkaFinding?
    /// Milliseconds from the insert to the time of its record.
    public var publishedAfterMilliseconds: Double?
    /// What the order service made of it; nil for other aggregates.
    public var order: OrderProgress?
    /// The W3C trace context that came with the command.
    public var traceparent: String?
    /// What could not be found out, a sentence each.
    public var notes: [String]

    /// What became of an event of an order.
    public struct OrderProgress: Codable, Sendable {
        /// The event that the read model's row contains last; nil without a row.
        public var projectedVersion: Int64?
        /// Whether the read model has the event.
        public var isProjected: Bool
        /// When the read model took it; nil unless Postgres runs with `track_commit_timestamp` and the event is the
        /// newest one of the row, which does not keep when it took the earlier ones.
        public var appliedAt: Moment?
        /// When the newest event of the row was recorded.
        public var projectionUpdatedAt: Moment?
        /// When payments asked the gateway, and when the gateway's answer was recorded.
        public var paymentInitiatedAt: Moment?
        /// When the gateway's answer was recorded; nil if it was not.
        public var paymentSettledAt: Moment?
    }
}
