import Admin
import Outbox

/// What waits in one outbox, as of the relay's last look: nothing is asked of the database for a scrape.
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
        registry.gauge("outbox_relay_held_rows", "Rows that wait because their key is parked.", labels: labels) {
            Double(service.health.now.heldRows)
        }
    }
}
