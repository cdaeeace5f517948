import EventStore
import Orders

/// Where orders are: what the handlers need of the event store, so that they can be tested without Postgres.
protocol OrderStore: Sendable {
    func place(_ details: OrderDetails, options: CommandOptions) async throws(EventStoreError) -> CommandOutcome

    func execute(
        _ command: OrderCommand, on orderID: String, options: CommandOptions
    ) async throws(EventStoreError) -> CommandOutcome

    /// Nil if there is no such order.
    func load(_ orderID: String) async throws(EventStoreError) -> LoadedOrder?

    /// At most `limit` events from a sequence number on; empty if there are none.
    func history(
        _ orderID: String, from sequenceNumber: Int64, limit: Int
    ) async throws(EventStoreError) -> [StoredEvent]
}
