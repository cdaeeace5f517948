import Admin
import Kafka
import Outbox

/// What waits in one outbox, as the relay last counted: a scrape asks nothing of the database.
enum RelayGauges {
    static func register(_ service: OutboxService, _ registry: MetricsRegistry) {
        let labels = service.name.map { [("outbox", $0)] } ?? []
        registry.gauge(
            "outbox_relay_unpublished_rows", "Rows that wait, without held ones; an estimate above 10000.",
            labels: labels
        ) { Double(service.health.now.unpublishedRows) }
        registry.gauge(
            "outbox_relay_oldest_unpublished_age_seconds", "Since the oldest row known to wait was written.",
            labels: labels
        ) { service.health.now.oldestUnpublishedAge }
        registry.gauge(
            "outbox_relay_polling", "1 while it polls, because a transaction pooler is in between.", labels: labels
        ) { service.health.now.isPolling ? 1 : 0 }
        registry.gauge(
            "outbox_relay_paused", "1 while an operator has the relay paused: it leads and publishes nothing.",
            labels: labels
        ) { service.health.now.pause == nil ? 0 : 1 }
        registry.counter(
            "kafka_throttled_answers_total", "Answers with which a broker delayed the next request, by a quota.",
            labels: labels
        ) { service.kafka.throttle.total }
        registry.gauge(
            "kafka_throttle_seconds", "How long a broker delays the next request, by a quota; 0 without.",
            labels: labels
        ) { service.kafka.throttle.delay / .seconds(1) }
        registry.gauge("outbox_relay_held_rows", "Rows that wait because their key is parked.", labels: labels) {
            Double(service.health.now.heldRows)
        }
    }
}
