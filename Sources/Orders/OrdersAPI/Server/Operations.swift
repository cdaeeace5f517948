import Admin
import EventStore
import GRPC
import Logging
import Runtime
import ServiceLifecycle
import Synchronization
import Values

/// The answers to operators: readiness and metrics.
struct Operations: Sendable {
    let readiness: @Sendable () async -> Health
    let metrics: MetricsRegistry
    let requests: RequestMetrics
    let rest: RESTMetrics
    private let watchers: Gauge
    private let countWatchers: @Sendable () -> Int

    /// - Parameters:
    ///   - readiness: asked for every answer of `/readyz`.
    ///   - watchers: the number of waiters for a change of an order, asked for every answer of `/metrics`.
    init(
        readiness: @escaping @Sendable () async -> Health, metrics: MetricsRegistry,
        watchers: @escaping @Sendable () -> Int = { 0 }
    ) {
        self.readiness = readiness
        self.metrics = metrics
        requests = RequestMetrics(metrics)
        rest = RESTMetrics(requests)
        countWatchers = watchers
        self.watchers = metrics.gauge(
            "orders_watchers", "Clients that watch an order or wait for the list to catch up.")
    }

    func readinessResponse() async -> RESTResponse {
        let health = await readiness()
        return .text(status: health.isOK ? 200 : 503, health.message)
    }

    func metricsResponse() -> RESTResponse {
        watchers.set(Double(countWatchers()))
        return .typed("text/plain; version=0.0.4; charset=utf-8", Array(metrics.render().utf8))
    }
}

/// Whether load balancers should send requests to this server.
final class Readiness: Sendable {
    private let store: EventStore
    private let isDraining = Atomic<Bool>(false)

    init(store: EventStore) {
        self.store = store
    }

    /// Turns readiness off for good.
    func beginDraining() {
        isDraining.store(true, ordering: .relaxed)
    }

    /// Queries Postgres, because a server without Postgres cannot answer requests.
    func health() async -> Health {
        if isDraining.load(ordering: .relaxed) { return .failing("draining: the server is stopping") }
        if let trouble = DatabaseHealth.trouble { return .failing(trouble) }
        do {
            try await store.probe()
            return .ok()
        } catch {
            return .failing(error.debugDescription)
        }
    }
}

/// The first service that is told of a shutdown: it turns readiness off and gives load balancers time to notice. The
/// transports are told afterwards.
struct DrainSignal: Service {
    let readiness: Readiness
    let health: GRPCHealth
    let changes: OrderChanges
    /// How long new requests are still accepted after readiness is off.
    let delay: Duration
    let logger: Logger

    func run() async {
        try? await gracefulShutdown()
        logger.info("draining", metadata: ["delay": "\(DurationText.words(delay))"])
        readiness.beginDraining()
        health.drain()
        if delay > .zero { try? await Task.sleep(until: .now + delay, clock: .continuous) }
        // Watches have no end of their own and would use up the time limit of the drain. Their clients reconnect to
        // another server.
        changes.close()
        health.endWatches()
    }
}
