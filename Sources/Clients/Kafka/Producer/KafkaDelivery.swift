/// The delivery report of one message.
public struct KafkaDelivery: Equatable, Sendable {
    /// The integer given to `produce`.
    public let correlation: UInt64
    /// `.none` when the broker acknowledged the message; else see its `disposition`.
    public let code: KafkaErrorCode
    /// The partition, or -1 if none was chosen.
    public let partition: Int32
    /// The offset, or -1 if it is not known.
    public let offset: Int64

    public var isDelivered: Bool { code == .none }
}
