public import Orders
import Postgres
public import Values

/// The content of the pipeline at one moment, read from Postgres and Kafka after everything has drained.
///
/// Names and identifiers are compared byte by byte, as in Postgres and Kafka.
public struct PipelineHistory: Sendable {
    /// The rows of `event`, in any order.
    public var events: [RecordedEvent] = []
    /// The rows of `outbox`, of all aggregate types, in any order.
    public var outbox: [OutboxEntry] = []
    /// An aggregate's topic is this text and its type.
    public var topicPrefix = "outbox.event."
    /// The records in Kafka; those of one partition in the order of their offsets.
    public var records: [PublishedRecord] = []
    /// `order_projection`, by order id.
    public var projection: [ExactText: ProjectedState] = [:]

    /// An empty history.
    public init() {}
}

/// A row of `event`.
public struct RecordedEvent: Sendable {
    /// `event_id`.
    public var eventID: ExactText
    /// `aggregate_id`.
    public var aggregateID: ExactText
    /// `sequence_number`, from 0.
    public var sequenceNumber: Int64
    /// `event_type` and `event_data`, decoded.
    public var event: OrderEvent

    /// A row with these values.
    public init(eventID: String, aggregateID: String, sequenceNumber: Int64, event: OrderEvent) {
        self.eventID = ExactText(eventID)
        self.aggregateID = ExactText(aggregateID)
        self.sequenceNumber = sequenceNumber
        self.event = event
    }
}

/// A row of `outbox`.
public struct OutboxEntry: Sendable {
    /// `event_id`.
    public var eventID: ExactText
    /// `aggregate_type`.
    public var aggregateType: ExactText
    /// `aggregate_id`.
    public var aggregateID: ExactText
    /// `sequence_number`.
    public var sequenceNumber: Int64
    /// `payload`.
    public var payload: [UInt8]

    /// A row with these values.
    public init(eventID: String, aggregateType: String, aggregateID: String, sequenceNumber: Int64, payload: [UInt8]) {
        self.eventID = ExactText(eventID)
        self.aggregateType = ExactText(aggregateType)
        self.aggregateID = ExactText(aggregateID)
        self.sequenceNumber = sequenceNumber
        self.payload = payload
    }
}

/// A Kafka message of the outbox topics.
public struct PublishedRecord: Sendable {
    /// The header `id`.
    public var eventID: ExactText
    /// The topic's name.
    public var topic: ExactText
    /// The key as text.
    public var key: ExactText
    /// The value; empty for a tombstone.
    public var value: [UInt8]
    /// The header `ce_sequence`.
    public var sequenceNumber: Int64

    /// A record with these values.
    public init(eventID: String, topic: String, key: String, value: [UInt8], sequenceNumber: Int64) {
        self.eventID = ExactText(eventID)
        self.topic = ExactText(topic)
        self.key = ExactText(key)
        self.value = value
        self.sequenceNumber = sequenceNumber
    }
}

/// A row of `order_projection`: the state it shows, and the sequence number of the last event in it.
public struct ProjectedState: Sendable, Equatable {
    /// `version`.
    public var version: Int64
    /// The other columns.
    public var state: OrderState

    /// A row with these values.
    public init(version: Int64, state: OrderState) {
        self.version = version
        self.state = state
    }

    /// Texts are compared byte by byte, by their descriptions: equality of the states ignores different spellings of
    /// one character.
    public static func == (left: ProjectedState, right: ProjectedState) -> Bool {
        left.version == right.version && left.state == right.state
            && ExactText("\(left.state)") == ExactText("\(right.state)")
    }
}

/// The answer that a client got: this order has at least this many events.
public struct Acknowledgement: Sendable {
    /// The order.
    public var orderID: ExactText
    /// The number of events.
    public var version: Int64

    /// An answer with these values.
    public init(orderID: String, version: Int64) {
        self.orderID = ExactText(orderID)
        self.version = version
    }
}
