/// Where a row of the outbox is on its way.
public enum RowState: String, Codable, Sendable, CaseIterable {
    /// Committed; no cut has it yet.
    case unpublished
    /// In the cut that is being published, and not acknowledged yet.
    case publishing
    /// In Kafka.
    case published
    /// Its key is parked, and the row waits for its release.
    case held
    /// Given up: dropped, or to be dropped when its key is released.
    case skipped
    /// It was there when the table was adopted, and was left out.
    case leftOut = "left_out"
}

/// A row of the outbox.
public struct OutboxEvent: Codable, Sendable {
    /// The id in the outbox.
    public var outboxId: Int64
    /// nil for a row that was left out when its table was adopted.
    public var transactionId: String?
    /// Unique among all events; the header `id` of the record.
    public var eventId: String?
    /// The type of the key.
    public var aggregateType: String
    /// The id of the key.
    public var aggregateId: String
    /// nil where the outbox has none.
    public var sequenceNumber: Int64?
    /// nil where the outbox has none.
    public var eventType: String?
    /// When the row was inserted.
    public var createdAt: Moment?
    /// Where the row is on its way.
    public var state: RowState
    /// Whether it waits for the release of its key.
    public var isHeld: Bool
    /// Whether an operator has changed payload or headers. They are shown as Kafka gets them.
    public var isEdited: Bool
    /// Names and values; nil if they are hidden, too long, or cannot be read.
    public var headers: [String: String]?
    /// The message.
    public var payload: EventPayload

    /// `order/4711`, as people and messages name a key.
    public var key: String { "\(aggregateType)/\(aggregateId)" }
}

/// Which rows a list shows. All conditions must hold; nil is no condition.
public struct EventFilter: Codable, Sendable {
    /// Rows in this state.
    public var state: RowState?
    /// Rows of this type.
    public var aggregateType: String?
    /// Rows of this id.
    public var aggregateId: String?
    /// Rows of this event type.
    public var eventType: String?
    /// Written at or after this time, and before that one.
    public var since: Moment?
    /// See ``since``.
    public var until: Moment?
    /// Ids from this one on, and up to that one.
    public var fromId: Int64?
    /// See ``fromId``.
    public var toId: Int64?

    /// Every row.
    public init() {}
}

/// The direction of a list.
public enum EventOrder: String, Codable, Sendable, CaseIterable {
    /// From the largest id down.
    case newestFirst = "newest_first"
    /// From the smallest id up.
    case oldestFirst = "oldest_first"
}

/// One page of a list.
public struct EventPage: Codable, Sendable {
    /// In the direction of the list.
    public var events: [OutboxEvent]
    /// Where the next page begins; nil at the end of the list. A page may have few rows, or none, and a next page: the
    /// rows of one page are looked for among a bounded number of rows.
    public var next: Int64?
    /// How many rows were read for this page.
    public var scanned: Int

    /// - Parameters:
    ///   - next: nil at the end of the list.
    ///   - scanned: how many rows were read.
    public init(events: [OutboxEvent], next: Int64?, scanned: Int) {
        self.events = events
        self.next = next
        self.scanned = scanned
    }
}
