public import Postgres

/// How payments work.
public struct PaymentsConfiguration: Sendable {
    public var postgres: PostgresConfiguration
    /// The topic of the orders' events.
    public var topic = "outbox.event.order"
    /// How many orders are worked on at once: the bound of gateway calls in flight.
    public var concurrentOrders = 64
    /// How often an order is tried in one go, with growing pauses, before it is left to `payment_retry`.
    public var attemptsPerOrder = 5
    /// How often a recovery pass looks for orders that nobody settled. One also runs at start and whenever an offset is
    /// lost.
    public var recoveryInterval: Duration = .seconds(600)
    /// How long a stopping process lets gateway calls finish.
    public var drainLimit: Duration = .seconds(10)

    public init(postgres: PostgresConfiguration) {
        self.postgres = postgres
    }
}
