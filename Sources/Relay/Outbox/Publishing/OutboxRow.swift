import Postgres
public import Values

/// One outbox row on its way to the publisher: views into the memory of a query result, valid during the call only.
public struct OutboxRow {
    public var outboxID: Int64
    public var eventID: UUIDBytes
    public var aggregateType: UnsafeRawBufferPointer
    /// The ordering key.
    public var aggregateID: UnsafeRawBufferPointer
    public var sequenceNumber: Int64
    public var eventType: UnsafeRawBufferPointer
    /// nil is published as a tombstone.
    public var payload: UnsafeRawBufferPointer?
    /// A binary `text[]` of names and values by turns; empty if the row has no headers of its own.
    public var headers: UnsafeRawBufferPointer
    /// When the row was written, in microseconds since 1970, within ``times``.
    public var createdAt: Int64
    /// The epoch of the relay that publishes it.
    public var epoch: Int64

    public init(
        outboxID: Int64, eventID: UUIDBytes, aggregateType: UnsafeRawBufferPointer, aggregateID: UnsafeRawBufferPointer,
        sequenceNumber: Int64, eventType: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer?,
        headers: UnsafeRawBufferPointer, createdAt: Int64, epoch: Int64
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
    }

    /// The years 1 to 9999: what RFC 3339 can tell. A time before or after counts as the first or last of them.
    public static let times: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999

    /// The row's key, copied.
    public var key: OutboxKey {
        OutboxKey(aggregateType: Self.text(aggregateType), aggregateID: Self.text(aggregateID))
    }

    /// Of a text that no index would take, the beginning and a hash of the whole stand for it.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        let bound = OutboxLimits.keyBytes
        guard bytes.count > bound else { return String(decoding: bytes, as: UTF8.self) }
        let hash = bytes.reduce(into: UInt64(14_695_981_039_346_656_037)) {
            $0 = ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        return
            "\(String(decoding: bytes.prefix(bound), as: UTF8.self))… (\(bytes.count) bytes, \(String(hash, radix: 16)))"
    }
}
