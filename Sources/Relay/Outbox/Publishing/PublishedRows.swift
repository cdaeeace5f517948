public import Values

/// What Kafka has of the newest rows of one outbox, as the records themselves tell.
///
/// Every record carries the number of the cut in which its row was published. The cut is committed before its first row
/// is sent, so a database that knows the cut has all of its rows, and those of all earlier cuts.
public struct PublishedRows: Sendable {
    /// The highest number of a cut among the records of the outbox; nil if Kafka has none of its records.
    public var newestCut: Int64?
    /// The rows of the cuts that were asked for, by topic, partition and offset.
    public var rows: [PublishedRow]
    /// Whether ``rows`` has all of them; false where a partition has more than were looked at.
    public var isComplete: Bool

    /// The answer with these parts; see the properties.
    public init(newestCut: Int64? = nil, rows: [PublishedRow] = [], isComplete: Bool = true) {
        self.newestCut = newestCut
        self.rows = rows
        self.isComplete = isComplete
    }
}

/// One row in Kafka.
public struct PublishedRow: Hashable, Sendable {
    /// The topic.
    public var topic: String
    /// The partition's number.
    public var partition: Int32
    /// The record's offset in the partition.
    public var offset: Int64
    /// The number of the cut in which the row was published.
    public var cut: Int64
    /// The row's event id; nil if the record does not carry it.
    public var eventID: UUIDBytes?
    /// The record's time, in milliseconds since 1970; nil if it has none.
    public var time: Int64?

    /// The row with these parts; see the properties.
    public init(
        topic: String, partition: Int32, offset: Int64, cut: Int64, eventID: UUIDBytes?, time: Int64?
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.cut = cut
        self.eventID = eventID
        self.time = time
    }

    /// The topic, with the partition's number in brackets.
    var place: String { "\(topic)[\(partition)]" }
}
