import Admin
import Consumers
import Kafka
import Logging
import Projection
import Runtime
import Synchronization

/// What operators see of the projector.
final class ProjectorMetrics: ConsumerObserver {
    private let registry = MetricsRegistry()
    private let messages: Counter
    private let changedOrders: Counter
    private let healedOrders: Counter
    private let passedOver: Counter
    private let stale: Counter
    private let walks: Counter
    private let rebuiltOrders: Counter
    private let rebuilds: Counter
    private let partitions: Gauge
    private let batchSeconds: Histogram
    private let status = Mutex(ConsumerStatus.waiting("starting"))
    /// Filled by the Kafka client.
    let throttle = KafkaThrottle()

    init() {
        messages = registry.counter("orders_projector_messages_total", "Messages applied, repetitions included.")
        changedOrders = registry.counter("orders_projector_orders_changed_total", "Rows of order_projection written.")
        healedOrders = registry.counter(
            "orders_projector_orders_healed_total",
            "Orders read from the event store because their messages left a gap.")
        passedOver = registry.counter(
            "orders_projector_passed_over_total", "Messages and stored events that could not be projected.")
        stale = registry.counter(
            "orders_projector_stale_batches_total", "Batches rolled back because another member had claimed.")
        walks = registry.counter(
            "orders_projector_healing_walks_total", "Comparisons of all orders with the event store.")
        rebuiltOrders = registry.counter(
            "orders_projector_rebuilt_orders_total", "Orders that rebuilds wrote beside the live read model.")
        rebuilds = registry.counter(
            "orders_projector_rebuilds_total", "Rebuilt read models that took the place of the live one.")
        partitions = registry.gauge("orders_projector_partitions", "Partitions that this process applies.")
        batchSeconds = registry.histogram(
            "orders_projector_batch_seconds", "Time of one batch's transaction.",
            buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10])
        registry.counter(
            "kafka_throttled_answers_total", "Answers with which a broker delayed the next request, by a quota."
        ) { [throttle] in throttle.total }
        registry.gauge("kafka_throttle_seconds", "How long a broker delays the next request, by a quota; 0 without.") {
            [throttle] in throttle.delay / .seconds(1)
        }
    }

    func consumerDid(_ happening: ProjectorHappening) {
        switch happening {
        case .applied(let count, let changed, let healed, let took):
            messages.increment(by: count)
            changedOrders.increment(by: changed)
            healedOrders.increment(by: healed)
            batchSeconds.observe(took / .seconds(1))
        case .healed(_, let changed, let isLast):
            healedOrders.increment(by: changed)
            if isLast { walks.increment() }
        case .rebuilt(let orders, let isSwitched):
            rebuiltOrders.increment(by: orders)
            if isSwitched { rebuilds.increment() }
        case .passedOver: passedOver.increment()
        case .claimed: break
        case .stale: stale.increment()
        }
    }

    func consumerIs(_ next: ConsumerStatus) {
        status.withLock { $0 = next }
        switch next {
        case .running(let count): partitions.set(Double(count))
        case .waiting: partitions.set(0)
        case .catchingUp: break
        }
    }

    func adminServer(_ settings: ProjectorSettings, _ logger: Logger) -> AdminServer {
        AdminServer(
            ListenAddress(host: settings.adminHost, port: settings.adminPort, portVariable: "PROJECTOR_ADMIN_PORT"),
            metrics: registry,
            liveness: { .ok() }, readiness: { self.readiness }, logger: logger)
    }

    private var readiness: Health {
        if let trouble = DatabaseHealth.trouble { return .failing(trouble) }
        return switch status.withLock({ $0 }) {
        case .waiting(let why): .failing(why)
        case .catchingUp: .failing("comparing all orders with the event store; lists may lack some")
        case .running(let count): .ok("applying \(count) partitions\(slowly)")
        }
    }

    /// A quota delays events, and is no reason to be unready.
    private var slowly: String { throttle.text.map { ", \($0)" } ?? "" }
}
