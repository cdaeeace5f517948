import Logging
import Postgres
import Sabotage

/// Makes the steps of the release of parked keys: reads held rows, offers them, and deletes or refuses what became of
/// them. ``ReleaseMachine`` says which step comes next.
///
/// Every write is made under the lock of the checkpoint: a key that a former leader forgot would be taken for published
/// by the new one, which would then let later rows pass.
final class Releaser {
    private let held: HeldRows
    private let store: CheckpointStore
    private let delivery: any Delivery
    private let logger: Logger
    /// The held rows in flight.
    private var chunk: HeldChunk?
    private var began: ContinuousClock.Instant

    init(held: HeldRows, store: CheckpointStore, delivery: any Delivery, logger: Logger) {
        self.held = held
        self.store = store
        self.delivery = delivery
        self.logger = logger
        began = delivery.pipeline.lease.signals.time.now
    }

    private var pipeline: PublishPipeline { delivery.pipeline }
    private static let limit = Duration.milliseconds(OutboxLimits.releaseMilliseconds)

    /// Whether the release has lasted so long that a cut comes next.
    var isTimeOver: Bool { now - began >= Self.limit }

    private var now: ContinuousClock.Instant { pipeline.lease.signals.time.now }

    /// - Throws: ``OutboxError``: `fenced` if another relay leads, `publisher` if the release has to be given up.
    func perform(_ step: RelayAction.Release) throws -> RelayEvent {
        switch step {
        case .ask: return .release(try ask())
        case .fetch(let key, let after, let rows): return .release(try fetch(key, after: after, rows: rows))
        case .offer(let index): return .release(try offer(from: index))
        case .commit(let holdID): return try delivery.commitRelease(through: holdID)
        case .forget(let key, let holdID, let rows):
            try FailPoint.relayInRelease.reached()
            chunk = nil
            try store.whileLeading { try held.forget(key, through: holdID) }
            pipeline.parking.heldRowsLeft(rows)
            return .release(.forgotten)
        case .finish(let key, let isRetry):
            try finish(key, isRetry: isRetry)
            return .release(.finished)
        case .refuse(let key, let reason):
            chunk = nil
            try store.whileLeading {
                try held.refuse(key, reason.explanation, retryAfter: pipeline.parking.retryAfter(reason))
            }
            return .release(.refused)
        case .giveUp(let reason):
            throw OutboxError(.publisher, "releasing a key: \(reason.explanation)")
        }
    }

    /// Rows of the last cut that are not stored as held yet would be left behind when their key is forgotten.
    private func ask() throws -> RelayEvent.Release {
        began = now
        let parking = pipeline.parking
        if !parking.held.isEmpty {
            try store.save(
                through: pipeline.window.settledThrough ?? store.checkpoint.drainedThrough, holding: parking.held)
            parking.forgetHeld(stored: store.heldRows)
        }
        let asked = try held.askedFor()
        return .asked(asked.map { ReleaseRequest(key: $0.key, isRetry: $0.isRetry) }, store.checkpoint)
    }

    private func fetch(_ key: OutboxKey, after holdID: Int64, rows: Int) throws -> RelayEvent.Release {
        pipeline.beginFlight()
        do {
            let found = try held.next(of: key, after: holdID, atMost: rows)
            chunk = found
            return .fetched(try (0..<found.count).map { try found.holdID($0) }, isLast: found.isLast)
        } catch let error as PostgresError where SingleRows.isToBlame(error) {
            return .unreadable(SingleRows.reason(error))
        }
    }

    /// Offers rows until the publisher is full or refuses one. A skipped row is passed over.
    private func offer(from index: Int) throws -> RelayEvent.Release {
        var (next, published) = (index, 0)
        guard let chunk else { preconditionFailure("held rows are offered that were not read") }
        while next < chunk.count {
            let place = Mutant.releasedInWrongOrder.isOn ? chunk.count - 1 - next : next
            if let row = try chunk.row(place, by: pipeline.mark) {
                switch pipeline.publish(row) {
                case .queued: published += 1
                case .full: return .offered(through: next, published: published, refusal: nil)
                case .refused(let reason):
                    return .offered(
                        through: next, published: published, refusal: reason.isPermanent ? reason : nil)
                }
            } else {
                pipeline.passOver(0)
            }
            next += 1
        }
        return .offered(through: next, published: published, refusal: nil)
    }

    private func finish(_ key: OutboxKey, isRetry: Bool) throws {
        chunk = nil
        let isForgotten = try store.whileLeading {
            let isForgotten = try held.forget(key)
            if isForgotten && isRetry { try held.recordRetry(key) }
            return isForgotten
        }
        guard isForgotten else { return }
        pipeline.parking.unpark(key)
        logger.notice("key released", metadata: ["key": "\(key)"])
    }
}
