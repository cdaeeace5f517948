import Admin
import Consumers
import Kafka
import Logging
import Payments
import Runtime
import Synchronization

/// What operators see of payments.
final class PaymentsMetrics: ConsumerObserver {
    private let registry = MetricsRegistry()
    private let ends: [String: Counter]
    private let passes: Counter
    private let recovered: Counter
    private let working: Gauge
    private let partitions: Gauge
    private let status = Mutex(ConsumerStatus.waiting("starting"))
    /// Filled by the Kafka client.
    let throttle = KafkaThrottle()

    init() {
        let (registry, names) = (registry, ["paid", "declined", "voided", "failed", "nothing_to_do"])
        ends = Dictionary(
            uniqueKeysWithValues: names.map { name in
                (
                    name,
                    registry.counter(
                        "orders_payments_orders_total", "Orders worked on, by how that ended.", labels: [("end", name)])
                )
            })
        passes = registry.counter(
            "orders_payments_recovery_passes_total", "Searches of the event store for unsettled orders.")
        recovered = registry.counter(
            "orders_payments_recovered_orders_total", "Unsettled orders that such searches found.")
        working = registry.gauge("orders_payments_orders_in_work", "Orders being worked on.")
        partitions = registry.gauge("orders_payments_partitions", "Partitions that this process reads.")
        registry.counter(
            "kafka_throttled_answers_total", "Answers with which a broker delayed the next request, by a quota."
        ) { [throttle] in throttle.total }
        registry.gauge("kafka_throttle_seconds", "How long a broker delays the next request, by a quota; 0 without.") {
            [throttle] in throttle.delay / .seconds(1)
        }
    }

    func consumerDid(_ happening: PaymentsHappening) {
        switch happening {
        case .paid: ends["paid"]?.increment()
        case .declined: ends["declined"]?.increment()
        case .voided: ends["voided"]?.increment()
        case .failed: ends["failed"]?.increment()
        case .nothingToDo: ends["nothing_to_do"]?.increment()
        case .recovered(let orders):
            passes.increment()
            recovered.increment(by: orders)
        case .working(let orders): working.set(Double(orders))
        }
    }

    func consumerIs(_ next: ConsumerStatus) {
        status.withLock { $0 = next }
        if case .running(let count) = next { partitions.set(Double(count)) } else { partitions.set(0) }
    }

    func adminServer(_ settings: PaymentsSettings, _ logger: Logger) -> AdminServer {
        AdminServer(
            ListenAddress(host: settings.adminHost, port: settings.adminPort, portVariable: "PAYMENTS_ADMIN_PORT"),
            metrics: registry,
            liveness: { .ok() }, readiness: { self.readiness }, logger: logger)
    }

    private var readiness: Health {
        if let trouble = DatabaseHealth.trouble { return .failing(trouble) }
        return switch status.withLock({ $0 }) {
        case .waiting(let why): .failing(why)
        case .catchingUp: .ok("catching up")
        case .running(let count): .ok("reading \(count) partitions\(slowly)")
        }
    }

    /// A quota delays events, and is no reason to be unready.
    private var slowly: String { throttle.text.map { ", \($0)" } ?? "" }
}
