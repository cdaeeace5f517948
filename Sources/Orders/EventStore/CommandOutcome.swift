/// A command that happened and is durable.
public struct CommandOutcome: Hashable, Sendable {
    public let orderID: String
    /// How many events the order had after the command.
    public let version: Int64
    /// Whether this is an earlier answer, found by its idempotency key.
    public let replayed: Bool

    public init(orderID: String, version: Int64, replayed: Bool) {
        self.orderID = orderID
        self.version = version
        self.replayed = replayed
    }
}
