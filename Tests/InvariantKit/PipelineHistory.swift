public import Orders
import Postgres
public import Values

/// What the pipeline holds at one moment, read from Postgres and Kafka after everything has drained: what the
/// invariants are about. Names and identifiers are what their bytes are, as in Postgres and Kafka: two that merely look
/// alike are two.
public struct PipelineHistory: Sendable {
    /// The rows of `event`, in any order.
    public var events: [RecordedEvent] = []
    /// The rows of `outbox`, of all aggregate types, in any order.
    public var outbox: [OutboxEntry] = []
    /// An aggregate's topic is this and its type.
    public var topicPrefix = "outbox.event."
    /// What Kafka holds; of each partition in the order of its offsets.
    public var records: [PublishedRecord] = []
    /// `order_projection`, by order id.
    public var projection: [ExactText: ProjectedState] = [:]

    public init() {}
}

/// A row of `event`.
public struct RecordedEvent: Sendable {
    public var eventID: ExactText
    public var aggregateID: ExactText
    public var sequenceNumber: Int64
    public var event: OrderEvent

    public init(eventID: String, aggregateID: String, sequenceNumber: Int64, event: OrderEvent) {
        self.eventID = ExactText(eventID)
        self.aggregateID = ExactText(aggregateID)
        self.sequenceNumber = sequenceNumber
        self.event = event
    }
}

/// A row of `outbox`.
public struct OutboxEntry: Sendable {
    public var eventID: ExactText
    public var aggregateType: ExactText
    public var aggregateID: ExactText
    public var sequenceNumber: Int64
    public var payload: [UInt8]

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
    public var topic: ExactText
    public var key: ExactText
    public var value: [UInt8]
    /// The header `ce_sequence`.
    public var sequenceNumber: Int64

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
    public var version: Int64
    public var state: OrderState

    public init(version: Int64, state: OrderState) {
        self.version = version
        self.state = state
    }

    /// The texts of two equal states may only look alike; their descriptions tell.
    public static func == (left: ProjectedState, right: ProjectedState) -> Bool {
        left.version == right.version && left.state == right.state
            && ExactText("\(left.state)") == ExactText("\(right.state)")
    }
}

/// What a client was told: this order has at least this many events.
public struct Acknowledgement: Sendable {
    public var orderID: ExactText
    public var version: Int64

    public init(orderID: String, version: Int64) {
        self.orderID = ExactText(orderID)
        self.version = version
    }
}
