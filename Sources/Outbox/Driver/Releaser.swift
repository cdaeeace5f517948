internal import Logging
internal import Threads

/// Publishes what operators release, and tries again what was parked because of its topic, between two cuts: nothing else is in
/// flight then, and the key's later rows are still held, so the key keeps its order.
struct Releaser {
    let held: HeldRows
    /// What a former leader forgot, the new one would take for published, or flow past.
    let store: CheckpointStore
    let outlet: Outlet
    /// nil where rows are delivered at least once.
    let exactlyOnce: ExactlyOnce?
    let signals: RelaySignals
    let epoch: Int64
    let logger: Logger

    func releaseAsked() throws {
        guard outlet.hasParkedKeys else { return }
        for (key, isRetry) in try held.askedFor() {
            guard try release(key) else { return }
            if isRetry { try store.whileLeading { try held.recordRetry(key) } }
        }
    }

    /// Returns false if Kafka refused or is away.
    private func release(_ key: OutboxKey) throws -> Bool {
        while true {
            let chunk = try held.next(of: key)
            guard chunk.count > 0 else { break }
            guard try publish(chunk, key) else { return false }
            try exactlyOnce?.commitRelease(through: try chunk.holdID(chunk.count - 1))
            try store.whileLeading { try held.forget(chunk) }
            outlet.heldRowsLeft(chunk.count)
        }
        try store.whileLeading { try held.forget(key) }
        outlet.unpark(key)
        logger.notice("key released", metadata: ["key": "\(key)"])
        return true
    }

    /// One row at a time: held rows are few, and the one that is refused must be known.
    private func publish(_ chunk: HeldChunk, _ key: OutboxKey) throws -> Bool {
        for index in 0..<chunk.count {
            guard let row = try chunk.row(index, epoch: epoch) else { continue }
            switch outlet.publishAlone(row, while: { signals.isLeading(epoch) && !signals.isStopping }) {
            case .success(let isSettled):
                if !isSettled { return try undone("it was interrupted") }
            case .failure(let failure):
                if failure.isPermanent {
                    try store.whileLeading { try held.refuse(key, failure.explanation, retryAfter: outlet.retryAfter(failure)) }
                }
                return try undone(failure.explanation)
            }
        }
        return true
    }

    /// A transaction with rows of the key must not go on with others: the session ends, and the next one fences it.
    private func undone(_ why: String) throws -> Bool {
        guard exactlyOnce == nil || outlet.isTransactionEmpty else { throw OutboxError(.publisher, "releasing a key: \(why)") }
        return false
    }
}
