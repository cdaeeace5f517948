/// A header of a consumed record.
public struct KafkaHeader: Sendable, Hashable {
    /// As the producer spelt it; names may repeat.
    public let name: String
    /// Nil for the null value, which is not the empty one.
    public let value: [UInt8]?
}
