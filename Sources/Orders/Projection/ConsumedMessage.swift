/// One message as it lies in the topic; what could not be read of it is nil.
public struct ConsumedMessage: Hashable, Sendable {
    public let partition: Int32
    public let offset: Int64
    /// The message's key; nil if it has none or it is not UTF-8.
    public let orderID: String?
    public let sequenceNumber: Int64?
    /// For example `order_placed`.
    public let eventType: String?
    public let payload: [UInt8]

    public init(
        partition: Int32, offset: Int64, orderID: String?, sequenceNumber: Int64?, eventType: String?, payload: [UInt8]
    ) {
        self.partition = partition
        self.offset = offset
        self.orderID = orderID
        self.sequenceNumber = sequenceNumber
        self.eventType = eventType
        self.payload = payload
    }
}
