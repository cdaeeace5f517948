/// A header of a consumed record.
public struct KafkaHeader: Sendable, Hashable {
    public let name: String
    /// Nil for the null value.
    public let value: [UInt8]?
}
