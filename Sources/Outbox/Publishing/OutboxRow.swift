public import Postgres

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
    /// When the row was written, in microseconds since 1970.
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

    /// The row's key, copied.
    public var key: OutboxKey {
        OutboxKey(
            aggregateType: String(decoding: aggregateType, as: UTF8.self),
            aggregateID: String(decoding: aggregateID, as: UTF8.self))
    }
}
