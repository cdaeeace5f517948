import Kafka
public import Values

/// One message of the topic of orders. A part that is missing, or that cannot be read, is nil.
///
/// Every process that may insert into the outbox can write to the topic, so no part is checked against the domain here.
public struct ConsumedMessage: Hashable, Sendable {
    /// The partition's number in the topic, from 0.
    public let partition: Int32
    /// Grows within the partition, possibly with holes (compaction, transaction markers).
    public let offset: Int64
    /// The message's key; nil if there is none or it is not UTF-8.
    public let orderID: String?
    /// Header `ce_sequence`: the event's number in the history of its order, from 0. Not checked to be positive.
    public let sequenceNumber: Int64?
    /// Header `ce_type`, for example `order_placed`.
    public let eventType: String?
    /// Header `id`: the event's identifier, the same as in the event store; nil if it is not a UUID.
    public let eventID: UUIDBytes?
    /// The message's value, empty if there is none. From Kafka it is a view into the buffer of the fetched batch: a
    /// copy of the message keeps that buffer alive.
    public let payload: ArraySlice<UInt8>

    /// A message as a test writes it; ``KafkaMessageSource`` reads its messages from records.
    public init(
        partition: Int32, offset: Int64, orderID: String?, sequenceNumber: Int64?, eventType: String?,
        eventID: UUIDBytes? = nil, payload: ArraySlice<UInt8>
    ) {
        self.partition = partition
        self.offset = offset
        self.orderID = orderID
        self.sequenceNumber = sequenceNumber
        self.eventType = eventType
        self.eventID = eventID
        self.payload = payload
    }
}

extension ConsumedMessage {
    /// Reads key and headers as the outbox relay writes them: CloudEvents in binary mode.
    init(_ record: KafkaRecord) {
        self.init(
            partition: record.partition,
            offset: record.offset,
            orderID: record.key.flatMap { String(validating: $0, as: UTF8.self) },
            sequenceNumber: record.header("ce_sequence").flatMap { Int64(String(decoding: $0, as: UTF8.self)) },
            eventType: record.header("ce_type").flatMap { String(validating: $0, as: UTF8.self) },
            eventID: record.header("id").flatMap { $0.withUnsafeBytes { UUIDBytes(utf8: $0) } },
            payload: record.value ?? [])
    }
}
