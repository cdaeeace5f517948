/// All events of one order that one statement saw.
public struct RecordedHistory: Hashable, Sendable {
    /// The order's id.
    public let orderID: String
    /// In the order of their sequence numbers; never empty.
    public internal(set) var events: [RecordedEvent]
}

/// One event as it is stored, not decoded: an event that nobody can decode concerns its own order only.
public struct RecordedEvent: Hashable, Sendable {
    /// From 0, without gaps.
    public let sequenceNumber: Int64
    /// The name to decode the payload with, see ``EventCodec/decode(_:_:)``.
    public let eventType: String
    /// The bytes of a protobuf message.
    public let payload: [UInt8]
    /// When it was recorded, in microseconds since 1970.
    public let createdAt: Int64
}

/// How far one order's history goes.
public struct OrderHead: Hashable, Sendable {
    /// The order's id.
    public let orderID: String
    /// The sequence number of its last event.
    public let lastSequenceNumber: Int64
}
