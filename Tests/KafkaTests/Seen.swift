import Kafka
import Synchronization

/// Notes which kinds of events a sink was given.
final class Seen: Sendable {
    private let kinds = Mutex<Set<String>>([])

    var isComplete: Bool { kinds.withLock { $0 == ["log", "error", "statistics"] } }

    func add(_ event: KafkaClientEvent) {
        let kind =
            switch event {
            case .log: "log"
            case .error: "error"
            case .statistics: "statistics"
            }
        kinds.withLock { _ = $0.insert(kind) }
    }
}
