import Outbox
import Postgres

/// Which parked keys are meant. All conditions must hold; nil is no condition.
public struct ParkedFilter: Codable, Sendable {
    /// Keys of this type.
    public var aggregateType: String?
    /// Keys of this id.
    public var aggregateId: String?
    /// Text that the error contains, in either case; a code of Kafka such as `MSG_SIZE_TOO_LARGE` is part of it.
    public var errorContains: String?
    /// Parked at this time or later.
    public var parkedSince: Moment?
    /// Parked before this time.
    public var parkedBefore: Moment?
    /// The event type of the row that Kafka refused.
    public var eventType: String?
    /// The topic of the row that Kafka refused; needs ``topics``.
    public var topic: String?
    /// How rows get their topics, as in `RELAY_TOPIC`.
    public var topics: String?

    /// Every parked key.
    public init() {}

    /// One key.
    public init(aggregateType: String, aggregateId: String) {
        self.aggregateType = aggregateType
        self.aggregateId = aggregateId
    }

    /// Whether every parked key is meant.
    public var isEmpty: Bool {
        [aggregateType, aggregateId, errorContains, eventType, topic].allSatisfy { $0 == nil }
            && parkedSince == nil && parkedBefore == nil
    }

    /// Whether one key is meant.
    public var isOneKey: Bool { aggregateType != nil && aggregateId != nil }

    /// A condition on a row `p` of `parked`; the filter is the first parameter of the statement.
    static func condition(_ schema: String) -> String { "\(schema).parked_matches(p, $1::jsonb)" }

    /// The filter as the functions of the relay's schema read it.
    func parameter() throws -> PostgresParameter { .literal(try OperatorJSON.text(self)) }
}

/// A key that is set aside because Kafka refused one of its rows.
public struct ParkedKeyView: Codable, Sendable {
    /// The type of the key.
    public var aggregateType: String
    /// The id of the key.
    public var aggregateId: String
    /// The row that Kafka refused.
    public var outboxId: Int64
    /// Kafka's reason.
    public var error: String
    /// By the clock of Postgres.
    public var parkedAt: Moment
    /// Counted up to a bound.
    public var heldRows: Int
    /// Whether counting ended at the bound.
    public var heldRowsIsMore: Bool
    /// When the relay itself tries the key again; nil if it waits for an operator.
    public var retryAt: Moment?
    /// When its release was asked for; nil if it was not, or if Kafka refused again.
    public var releaseAskedAt: Moment?
}

/// One page of parked keys.
public struct ParkedPage: Codable, Sendable {
    /// Oldest first.
    public var keys: [ParkedKeyView]
    /// Where the next page begins, see ``ParkedCursor``; nil at the end of the list. A page may have few keys, or none,
    /// and a next page: the keys of one page are looked for among a bounded number of keys.
    public var next: String?
    /// How many keys were looked at.
    public var scanned: Int

    /// - Parameters:
    ///   - next: nil at the end of the list.
    ///   - scanned: how many keys were looked at.
    public init(keys: [ParkedKeyView], next: String?, scanned: Int) {
        self.keys = keys
        self.next = next
        self.scanned = scanned
    }
}
