public import Orders
import SwiftProtobuf

/// An event, and what its message says besides: every message of an event begins with these two fields.
public struct ToldEvent: Hashable, Sendable {
    /// The order that the message names.
    public let orderID: String
    /// When the event was recorded, in microseconds since 1970; nil for a time that no clock shows.
    public let occurredAt: Int64?
    /// What happened.
    public let event: OrderEvent

    /// Nil without an event.
    init?(_ orderID: String, _ occurredAt: Google_Protobuf_Timestamp, _ event: OrderEvent?) {
        guard let event else { return nil }
        self.orderID = orderID
        self.occurredAt = occurredAt.microsecondsSince1970
        self.event = event
    }
}
