/// A kind of difference. The raw value is the name in JSON and in metrics.
public enum DifferenceKind: String, Codable, Sendable, CaseIterable {
    /// A row that the checkpoint counts as published, or an event whose row is gone, has no record.
    case recordMissing = "record_missing"
    /// A record that no row and no event made.
    case recordExtra = "record_extra"
    /// A record whose value is not the payload of its row.
    case recordPayload = "record_payload"
    /// A record in another topic, or with another event type or sequence number than its row.
    case recordHeaders = "record_headers"
    /// The first record of an event comes behind a later event of its key.
    case recordOrder = "record_order"
    /// An event has no row in the outbox, and its row cannot have been removed by the retention.
    case rowMissing = "row_missing"
    /// A row of an order without an event, or a second row of one event.
    case rowExtra = "row_extra"
    /// A row with another key, type, sequence number or payload than its event.
    case rowDiffers = "row_differs"
    /// The sequence numbers of an aggregate do not go from 0 without a gap.
    case sequenceGap = "sequence_gap"
    /// An event that cannot be decoded.
    case eventUnreadable = "event_unreadable"
    /// The read model has no row of an order, and has applied the record of one of its events.
    case projectionMissing = "projection_missing"
    /// The read model has a row of an order without events.
    case projectionExtra = "projection_extra"
    /// A row of the read model is not the fold of the events up to its version.
    case projectionDiffers = "projection_differs"
    /// A row of the read model lacks an event whose record was applied.
    case projectionBehind = "projection_behind"
}

/// What is not as it should be, in one case.
public struct Difference: Codable, Sendable, Equatable {
    /// What kind it is of.
    public var kind: DifferenceKind
    /// `order/4711`; nil where it could not be found out.
    public var key: String?
    /// The event; nil for a row of the read model.
    public var eventId: String?
    /// In its aggregate.
    public var sequenceNumber: Int64?
    /// The row of the outbox.
    public var outboxId: Int64?
    /// `topic[partition]@offset`.
    public var record: String?
    /// One sentence.
    public var text: String
}

/// Cases that look like differences and are none, by name. All are counts.
public struct KnownCases: Codable, Sendable, Equatable {
    /// Rows that the relay had not published when the audit began, and that are not in Kafka.
    public var onTheirWay = 0
    /// Rows held for parked keys.
    public var held = 0
    /// Rows that operators skipped.
    public var skipped = 0
    /// Records of rows that operators edited.
    public var edited = 0
    /// Rows that were left out when the table was adopted.
    public var leftOut = 0
    /// Records of replays.
    public var replayed = 0
    /// Records that repeat an event.
    public var duplicates = 0
    /// Records of other outboxes in the same topics.
    public var ofOtherOutboxes = 0
    /// Records or rows that `record_loss` names as lost.
    public var lost = 0
    /// Orders whose newest events the read model has not applied yet.
    public var notProjectedYet = 0
}

/// What an audit could not judge, and why.
public struct Unjudged: Codable, Sendable, Equatable {
    /// How many.
    public var count: Int
    /// Of what, and the reason, in one sentence.
    public var text: String
}
