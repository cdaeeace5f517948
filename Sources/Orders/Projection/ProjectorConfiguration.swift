public import Postgres

/// How a projector works.
public struct ProjectorConfiguration: Sendable {
    public var postgres: PostgresConfiguration
    /// The topic of the orders' events.
    public var topic = "outbox.event.order"
    /// The most messages applied in one transaction. Under load batches grow to this; else a message is applied when it
    /// comes.
    public var maximumBatchMessages = 5_000
    /// The most orders that one chunk of a healing walk looks at; between two chunks new messages are applied.
    public var healingChunkOrders = 1_000
    /// Shown to operators as the owner of claims, for example host and process id.
    public var member: String

    public init(postgres: PostgresConfiguration, member: String) {
        self.postgres = postgres
        self.member = member
    }
}
