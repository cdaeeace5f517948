import EventStore
import Orders
import OrdersProto

/// The part of the event store that the handlers need. Tests replace it, so that they need no Postgres.
protocol OrderStore: Sendable {
    /// Creates an order; see `EventStore`.
    func placing(_ details: OrderDetails, options: CommandOptions) -> Reply<CommandOutcome>

    /// Executes a command on an order; see `EventStore`.
    func executing(_ command: OrderCommand, on orderID: String, options: CommandOptions) -> Reply<CommandOutcome>

    /// Nil if there is no such order.
    func loading(_ orderID: String) -> Reply<LoadedOrder?>

    /// At most `limit` events from a sequence number on; empty if there are none.
    func history(
        _ orderID: String, from sequenceNumber: Int64, limit: Int
    ) async throws(EventStoreError) -> [StoredEvent]
}

extension EventStore: OrderStore {}

/// The read model of orders, as the handlers need it. Tests replace it, so that they need no projection.
protocol OrderList: Sendable {
    /// At most `query.rows` orders, newest first.
    func orders(_ query: OrderListQuery) async throws(APIError) -> [Orders_V1_OrderSummary]

    /// The version at which the list shows an order; 0 if it does not show the order yet.
    func version(of orderID: String) async throws(APIError) -> UInt32
}
