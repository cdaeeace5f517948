import Consumers
import EventStore
import Orders
import Values

/// An event that can be projected: understood, and with values that the tables can hold.
struct ReadableEvent: Hashable, Sendable {
    let orderID: String
    let sequenceNumber: Int64
    let event: OrderEvent
    /// Microseconds since 1970.
    let occurredAt: Int64
}

extension ReadableEvent {
    /// Reads a message from Kafka. Every process that may insert into the outbox can write to the topic, so every part
    /// is checked.
    ///
    /// - Throws: ``UnreadableMessage``.
    init(_ message: ConsumedMessage) throws(UnreadableMessage) {
        guard let orderID = message.orderID else { throw UnreadableMessage("it has no readable key") }
        guard let sequenceNumber = message.sequenceNumber, sequenceNumber >= 0 else {
            throw UnreadableMessage("it has no sequence number")
        }
        guard let eventType = message.eventType else { throw UnreadableMessage("it has no event type") }
        let told = try Self.decoded { () throws(EventStoreError) in
            try EventCodec.read(eventType, Array(message.payload))
        }
        guard ExactText(told.orderID) == ExactText(orderID) else {
            throw UnreadableMessage("its payload names another order than its key")
        }
        try self.init(orderID, sequenceNumber, told.event, told.occurredAt)
    }

    /// Reads an event of the event store.
    ///
    /// - Throws: ``UnreadableMessage``.
    init(_ orderID: String, _ recorded: RecordedEvent) throws(UnreadableMessage) {
        let event = try Self.decoded { () throws(EventStoreError) in
            try EventCodec.decode(recorded.eventType, recorded.payload)
        }
        try self.init(orderID, recorded.sequenceNumber, event, recorded.createdAt)
    }

    /// - Parameter occurredAt: microseconds since 1970; nil is a time that no clock shows.
    private init(
        _ orderID: String, _ sequenceNumber: Int64, _ event: OrderEvent, _ occurredAt: Int64?
    ) throws(UnreadableMessage) {
        guard let occurredAt, ProjectionLimits.timesMicroseconds.contains(occurredAt) else {
            throw UnreadableMessage("its time is out of range")
        }
        if let problem = OrderLimits.problem(ofIdentifier: orderID) {
            throw UnreadableMessage("its order id \(problem)")
        }
        try Self.requireStorable(event)
        self.init(orderID: orderID, sequenceNumber: sequenceNumber, event: event, occurredAt: occurredAt)
    }

    private static func decoded<T>(_ body: () throws(EventStoreError) -> T) throws(UnreadableMessage) -> T {
        do {
            return try body()
        } catch {
            throw UnreadableMessage("\(error.debugDescription)")
        }
    }

    /// A text that Postgres or an index refuses would fail the whole batch around it.
    private static func requireStorable(_ event: OrderEvent) throws(UnreadableMessage) {
        let problem: String? =
            switch event {
            case .placed(let details):
                [details.customerID, details.vendorID, details.productID, details.paymentMethod].lazy
                    .compactMap { OrderLimits.problem(ofIdentifier: $0) }.first
            case .paymentFailed(let reason), .cancelled(let reason): OrderLimits.problem(ofReason: reason)
            case .paymentInitiated, .paid, .shippingStatusUpdated: nil
            }
        if let problem { throw UnreadableMessage("one of its texts \(problem)") }
    }
}

/// What makes a message, or a stored event, impossible to project: the rest of a sentence that starts with it. Safe to
/// log.
struct UnreadableMessage: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
