public import Orders

/// What the pipeline holds at one moment, read from Postgres and Kafka after everything has drained: what the invariants are about.
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
    public var projection: [String: ProjectedState] = [:]

    public init() {}
}

/// A row of `event`.
public struct RecordedEvent: Sendable {
    public var eventID: String
    public var aggregateID: String
    public var sequenceNumber: Int64
    public var event: OrderEvent

    public init(eventID: String, aggregateID: String, sequenceNumber: Int64, event: OrderEvent) {
        self.eventID = eventID
        self.aggregateID = aggregateID
        self.sequenceNumber = sequenceNumber
        self.event = event
    }
}

/// A row of `outbox`.
public struct OutboxEntry: Sendable {
    public var eventID: String
    public var aggregateType: String
    public var aggregateID: String
    public var sequenceNumber: Int64
    public var payload: [UInt8]

    public init(eventID: String, aggregateType: String, aggregateID: String, sequenceNumber: Int64, payload: [UInt8]) {
        self.eventID = eventID
        self.aggregateType = aggregateType
        self.aggregateID = aggregateID
        self.sequenceNumber = sequenceNumber
        self.payload = payload
    }
}

/// A Kafka message of the outbox topics.
public struct PublishedRecord: Sendable {
    /// The header `id`.
    public var eventID: String
    public var topic: String
    public var key: String
    public var value: [UInt8]
    /// The header `ce_sequence`.
    public var sequenceNumber: Int64

    public init(eventID: String, topic: String, key: String, value: [UInt8], sequenceNumber: Int64) {
        self.eventID = eventID
        self.topic = topic
        self.key = key
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
}

/// What a client was told: this order has at least this many events.
public struct Acknowledgement: Sendable {
    public var orderID: String
    public var version: Int64

    public init(orderID: String, version: Int64) {
        self.orderID = orderID
        self.version = version
    }
}
