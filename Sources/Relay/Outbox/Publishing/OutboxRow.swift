public import Values

/// One outbox row on its way to the publisher: views into the memory of a query result, valid during the call only.
public struct OutboxRow {
    /// The row's id in the outbox; ids of one key grow in the order of its events.
    public var outboxID: Int64
    /// The event's id.
    public var eventID: UUIDBytes
    /// The aggregate's type, as UTF-8.
    public var aggregateType: UnsafeRawBufferPointer
    /// The aggregate's id, as UTF-8: the ordering key within the type.
    public var aggregateID: UnsafeRawBufferPointer
    /// The event's number in its aggregate; -1 if the outbox has none.
    public var sequenceNumber: Int64
    /// The event's type, as UTF-8.
    public var eventType: UnsafeRawBufferPointer
    /// The payload as it was written; nil is published as a tombstone.
    public var payload: UnsafeRawBufferPointer?
    /// A binary `text[]`, a name and its value alternating; empty if the row has no headers of its own.
    public var headers: UnsafeRawBufferPointer
    /// When the row was written, in microseconds since 1970, within ``times``.
    public var createdAt: Int64
    /// The epoch of the relay that publishes it.
    public var epoch: Int64
    /// The number of the cut in which it is published; 0 if there is none.
    public var cut: Int64
    /// The ``OutboxOrigin/tag`` of its outbox.
    public var outboxTag: UInt64

    /// A row with these columns; see the properties.
    public init(
        outboxID: Int64, eventID: UUIDBytes, aggregateType: UnsafeRawBufferPointer, aggregateID: UnsafeRawBufferPointer,
        sequenceNumber: Int64, eventType: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer?,
        headers: UnsafeRawBufferPointer, createdAt: Int64, epoch: Int64, cut: Int64 = 0, outboxTag: UInt64 = 0
    ) {
        self.outboxID = outboxID
        self.eventID = eventID
        self.aggregateType = aggregateType
        self.aggregateID = aggregateID
        self.sequenceNumber = sequenceNumber
        self.eventType = eventType
        self.payload = payload
        self.headers = headers
        self.createdAt = createdAt
        self.epoch = epoch
        self.cut = cut
        self.outboxTag = outboxTag
    }

    /// The years 1 to 9999, which RFC 3339 can express. An earlier or later time counts as the first or the last
    /// moment.
    public static let times: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999

    /// The row's key, copied.
    public var key: OutboxKey {
        OutboxKey(aggregateType: Self.text(aggregateType), aggregateID: Self.text(aggregateID))
    }

    /// A text that is too long for an index is replaced by its beginning and a hash of the whole.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        let bound = OutboxLimits.keyBytes
        guard bytes.count > bound else { return String(decoding: bytes, as: UTF8.self) }
        let hash = bytes.reduce(into: UInt64(14_695_981_039_346_656_037)) {
            $0 = ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        return
            "\(String(decoding: bytes.prefix(bound), as: UTF8.self))… "
            + "(\(bytes.count) bytes, \(String(hash, radix: 16)))"
    }
}

/// What every row of a cut carries to Kafka: who published it, and when in the outbox's history.
struct RowMark: Equatable {
    /// The leader's.
    var epoch: Int64
    /// The cut's number, which is also that of held rows released after it.
    var cut: Int64 = 0
    /// The outbox's.
    var outboxTag: UInt64 = 0
}

/// What keeps its order: one aggregate. Keys are equal if they are equal byte by byte, as Postgres compares them:
/// parking one of two ids that merely look alike must not hold the other.
public struct OutboxKey: Hashable, Sendable, CustomStringConvertible {
    /// The aggregate's type.
    public let aggregateType: String
    /// The aggregate's id, unique within the type.
    public let aggregateID: String

    /// The key of this aggregate.
    public init(aggregateType: String, aggregateID: String) {
        self.aggregateType = aggregateType
        self.aggregateID = aggregateID
    }

    /// Byte by byte, without Unicode's equivalences.
    public static func == (left: OutboxKey, right: OutboxKey) -> Bool {
        ExactText(left.aggregateID) == ExactText(right.aggregateID)
            && ExactText(left.aggregateType) == ExactText(right.aggregateType)
    }

    /// Agrees with `==`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(aggregateID))
        hasher.combine(ExactText(aggregateType))
    }

    /// Type and id with a slash between them.
    public var description: String { "\(aggregateType)/\(aggregateID)" }
}
