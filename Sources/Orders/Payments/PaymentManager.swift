public import Consumers
public import EventStore
public import Logging
public import Postgres
public import Threads

/// How payments work.
public struct PaymentsConfiguration: Sendable {
    /// Where the event store and the tables of payments are.
    public var postgres: PostgresConfiguration
    /// The topic of the orders' events.
    public var topic = "outbox.event.order"
    /// The most gateway calls at once. The number in use begins low and follows the gateway's latency, so this is the
    /// bound of what the gateway, and the memory of this process, can take.
    public var concurrentCharges = 4_096
    /// How often an order is tried in a row, with growing pauses, before it is left to `payment_retry`.
    public var attemptsPerOrder = 5
    /// How often a recovery pass looks for orders that are not settled. A pass also runs at start and whenever an
    /// offset is lost.
    public var recoveryInterval: Duration = .seconds(600)
    /// How long a stopping process lets gateway calls finish.
    public var drainLimit: Duration = .seconds(10)

    /// The defaults, for this database.
    public init(postgres: PostgresConfiguration) {
        self.postgres = postgres
    }

    /// For the connection to the tables of payments, which lives as long as the process.
    var connection: PostgresConfiguration {
        var result = postgres
        result.plans = .byKey
        return result
    }
}

/// The process manager of payments: reacts to placed and cancelled orders with commands through the event store.
///
/// It keeps no state about a payment: the events of an order tell what the order needs next (``PaymentStep``). So a
/// message that comes twice is harmless, several members may work at once (optimistic locking lets one win), and after
/// a crash the next process goes on where the order is. What Kafka no longer has is found by a recovery pass over the
/// events.
///
/// Orders go through a ``PaymentPipeline`` in batches: the message of a placed order tells its state, so its payment is
/// initiated without a query, and the order's events are loaded only if it has changed since.
public final class PaymentManager: Sendable {
    private let consumer: Consumer<PaymentsHappening>

    /// - Parameters:
    ///   - store: running, and stopped after this.
    ///   - gateway: called for many orders at once.
    ///   - makeSource: called on the thread of payments, again whenever a source has failed for good.
    /// - Throws: `WakeDescriptorError` when the process has no file descriptors left.
    public init(
        _ configuration: PaymentsConfiguration, store: EventStore, gateway: any PaymentGateway,
        observer: any ConsumerObserver<PaymentsHappening>, logger: Logger, makeSource: @escaping MakeMessageSource
    ) throws(WakeDescriptorError) {
        let pipeline = PaymentPipeline(
            attemptsPerOrder: configuration.attemptsPerOrder, mostCalls: configuration.concurrentCharges)
        consumer = try Consumer(
            name: "payments", drainLimit: configuration.drainLimit, observer: observer, logger: logger,
            makeSource: makeSource
        ) { wake, reports in
            PaymentsHandler(
                configuration, PaymentWork(pipeline, orders: store, gateway: gateway, wake: wake), reports)
        }
    }

    /// Works until ``stop()``; then orders in hand are finished within the drain limit, offsets are committed and the
    /// group is left.
    ///
    /// - Throws: `ThreadExecutorError` only; failures of Postgres, Kafka and the gateway are reported and tried again.
    public func run() async throws { try await consumer.run() }

    /// Ends ``run()``, from any thread.
    public func stop() { consumer.stop() }
}
