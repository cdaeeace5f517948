import Logging
import Threads

/// The keys that are held back, and what of that is not stored yet.
final class KeyParking {
    private var keys: ParkedKeys
    /// What is stored with the checkpoint's next move.
    private(set) var held = HeldBatch()
    /// When a key whose topic was refused is tried again; nil leaves it to operators.
    private let retry: Duration?
    private let status: RelayStatus
    private let logger: Logger

    init(_ keys: ParkedKeys, retry: Duration?, status: RelayStatus, logger: Logger) {
        self.keys = keys
        self.retry = retry
        self.status = status
        self.logger = logger
        status.parked(keys.count)
    }

    var isEmpty: Bool { keys.isEmpty }

    func contains(_ key: OutboxKey) -> Bool { keys.contains(key) }

    func park(_ key: OutboxKey, _ outboxID: Int64, _ refusal: PublishFailure) {
        keys.insert(key)
        held.park(key, outboxID, refusal.explanation, retryAfter: retryAfter(refusal))
        status.parked(keys.count)
        logger.error(
            retryAfter(refusal) == nil
                ? "key parked; its rows wait for an operator, see outboxctl outbox parked"
                : "key parked; its rows are tried again, see outboxctl outbox parked",
            metadata: ["key": "\(key)", "outbox_id": "\(outboxID)", "why": "\(refusal.explanation)"])
    }

    func hold(_ outboxID: Int64, _ key: OutboxKey) { held.hold(outboxID, key) }

    /// nil for a row that Kafka will never take.
    func retryAfter(_ refusal: PublishFailure) -> Duration? { refusal.kind == .topic ? retry : nil }

    /// The held rows are stored.
    func forgetHeld() { held = HeldBatch() }

    /// So many stored rows of released keys are held no more.
    func heldRowsLeft(_ count: Int) { status.held { max(0, $0 - count) } }

    func unpark(_ key: OutboxKey) {
        keys.remove(key)
        status.parked(keys.count)
    }
}
