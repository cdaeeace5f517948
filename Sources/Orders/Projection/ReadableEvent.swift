import Consumers
import EventStore
import Orders
import OrdersProto
import SwiftProtobuf
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
        let payload = Array(message.payload)
        let envelope = try Self.envelope(payload)
        guard ExactText(envelope.orderID) == ExactText(orderID) else {
            throw UnreadableMessage("its payload names another order than its key")
        }
        try self.init(orderID, sequenceNumber, eventType, payload, envelope.occurredAt.microsecondsSince1970)
    }

    /// Reads an event of the event store.
    ///
    /// - Throws: ``UnreadableMessage``.
    init(_ orderID: String, _ event: RecordedEvent) throws(UnreadableMessage) {
        try self.init(orderID, event.sequenceNumber, event.eventType, event.payload, event.createdAt)
    }

    /// - Parameter occurredAt: microseconds since 1970; nil is a time that no clock shows.
    private init(
        _ orderID: String, _ sequenceNumber: Int64, _ eventType: String, _ payload: [UInt8], _ occurredAt: Int64?
    ) throws(UnreadableMessage) {
        guard let occurredAt, ProjectionLimits.timesMicroseconds.contains(occurredAt) else {
            throw UnreadableMessage("its time is out of range")
        }
        let event: OrderEvent
        do {
            event = try EventCodec.decode(eventType, payload)
        } catch {
            throw UnreadableMessage("\(error)")
        }
        if let problem = OrderLimits.problem(ofIdentifier: orderID) {
            throw UnreadableMessage("its order id \(problem)")
        }
        try Self.requireStorable(event)
        self.init(orderID: orderID, sequenceNumber: sequenceNumber, event: event, occurredAt: occurredAt)
    }

    /// Every event begins with these two fields, so any event's bytes can be read as the event that has no others.
    private static func envelope(_ payload: [UInt8]) throws(UnreadableMessage) -> Orders_V1_OrderPaymentInitiated {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        do {
            return try Orders_V1_OrderPaymentInitiated(serializedBytes: payload, options: options)
        } catch {
            throw UnreadableMessage("its payload is not a protobuf message")
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

extension Google_Protobuf_Timestamp {
    /// Nil if out of range.
    var microsecondsSince1970: Int64? {
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow, (0..<1_000_000_000).contains(nanos) else { return nil }
        let (sum, sumOverflow) = value.addingReportingOverflow(Int64(nanos) / 1000)
        return sumOverflow ? nil : sum
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
