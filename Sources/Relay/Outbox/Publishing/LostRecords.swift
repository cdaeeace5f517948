/// Published records of one partition that are lost, as they are kept in the table `record_loss` of the relay's schema.
public struct LostRecords: Equatable, Sendable {
    /// What happened; the raw value is what the table has.
    public enum Cause: String, Sendable {
        /// The partition began anew: the records are gone from Kafka.
        case reset
        /// Kafka deleted the records soon after they were published.
        case deleted
        /// Kafka has the records, and the database lost their rows.
        case database
    }

    /// What happened.
    public var cause: Cause
    /// The topic.
    public var topic: String
    /// The partition's number.
    public var partition: Int32
    /// The first offset that is concerned.
    public var from: Int64
    /// The offset behind the last one that is concerned; more than ``from``.
    public var until: Int64
    /// How many of the records between are lost; nil for all of them.
    public var rows: Int64?

    /// The loss with these parts; see the properties.
    public init(
        _ cause: Cause, topic: String, partition: Int32, from: Int64, until: Int64, rows: Int64? = nil
    ) {
        self.cause = cause
        self.topic = topic
        self.partition = partition
        self.from = from
        self.until = until
        self.rows = rows
    }
}
