import EventStore
import Orders

/// Where orders are: what the handlers need of the event store, so that they can be tested without Postgres.
protocol OrderStore: Sendable {
    func place(_ details: OrderDetails, options: CommandOptions) async throws(EventStoreError) -> CommandOutcome

    func execute(
        _ command: OrderCommand, on orderID: String, options: CommandOptions
    ) async throws(EventStoreError) -> CommandOutcome

    /// Throws `notFound` if there is no such order.
    func load(_ orderID: String) async throws(EventStoreError) -> LoadedOrder

    /// All events of an order in order; throws `notFound` if there is no such order.
    func history(_ orderID: String) async throws(EventStoreError) -> [StoredEvent]
}
