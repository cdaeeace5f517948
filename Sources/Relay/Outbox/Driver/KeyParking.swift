import Logging

/// The parked keys, and which of their rows are not stored as held yet.
final class KeyParking {
    private var keys: ParkedKeys
    /// Parked keys and held rows that the checkpoint's next move stores.
    private(set) var held = HeldBatch()
    /// How many of the rows that moves of this session stored as held the status knows.
    private var reportedRows = 0
    /// After how long a key whose topic was refused is tried again; nil leaves it to operators.
    private let retry: Duration?
    private let status: RelayStatus
    private let logger: Logger

    init(_ keys: ParkedKeys, retry: Duration?, status: RelayStatus, logger: Logger) {
        self.keys = keys
        self.retry = retry
        self.status = status
        self.logger = logger
        status.setParkedKeys(keys.count)
    }

    /// Whether no key is parked.
    var isEmpty: Bool { keys.isEmpty }

    func contains(_ key: OutboxKey) -> Bool { keys.contains(key) }

    /// Parks a key because of this row.
    func park(_ key: OutboxKey, _ outboxID: Int64, _ refusal: PublishFailure) {
        keys.insert(key)
        held.park(key, outboxID, refusal.explanation, retryAfter: retryAfter(refusal))
        status.setParkedKeys(keys.count)
        logger.error(
            retryAfter(refusal) == nil
                ? "key parked; its rows wait for an operator, see outboxctl parked"
                : "key parked; its rows are tried again, see outboxctl parked",
            metadata: ["key": "\(key)", "outbox_id": "\(outboxID)", "why": "\(refusal.explanation)"])
    }

    /// Holds a row of a parked key.
    func hold(_ outboxID: Int64, _ key: OutboxKey) { held.hold(outboxID, key) }

    /// nil for a row that Kafka will never take.
    func retryAfter(_ refusal: PublishFailure) -> Duration? { refusal.kind == .topic ? retry : nil }

    /// The rows in ``held`` up to this id are stored, and all keys.
    ///
    /// - Parameter total: all rows that moves of this session stored.
    func forgetHeld(through outboxID: Int64 = .max, stored total: Int) {
        held = held.behind(outboxID)
        if total > reportedRows { status.changeHeldRows(by: total - reportedRows) }
        reportedRows = total
    }

    /// The rows behind this id are read again, and rows of their keys that were in flight before them: those are held
    /// first. The keys stay parked.
    func dropHeld(after outboxID: Int64) { held.dropRows(after: outboxID) }

    /// This many stored rows of a key that is being released are held no more.
    func heldRowsLeft(_ count: Int) { status.changeHeldRows(by: -count) }

    /// The key flows again.
    func unpark(_ key: OutboxKey) {
        keys.remove(key)
        status.setParkedKeys(keys.count)
    }
}
