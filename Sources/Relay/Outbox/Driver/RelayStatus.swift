import Synchronization
import Threads

/// What a relay is doing, for health endpoints. Updated by the relay's threads, read by anybody.
public final class RelayStatus: Sendable {
    public enum Phase: Equatable, Sendable {
        /// Not connected to Postgres yet, or not any more.
        case connecting
        case standby
        case draining
        case idle
    }

    public struct Picture: Sendable {
        public var phase = Phase.connecting
        /// The epoch in which this relay leads or led; 0 if never.
        public var epoch: Int64 = 0
        public var parkedKeys = 0
        /// Whether it polls, because LISTEN does not work where it is.
        public var isPolling = false
        /// Rows that wait because their key is parked.
        public var heldRows = 0
        /// Rows that wait to be published, held ones not included: exact while they are few, else an estimate. As of
        /// the last look.
        public var unpublishedRows = 0
        /// When the oldest row that is known to wait was written, in microseconds since 1970; nil if none is.
        public var oldestUnpublished: Int64?
        /// When Kafka last acknowledged a row.
        public var lastAcknowledged: ContinuousClock.Instant?
        /// While standing by: who leads, if it can be told.
        public var leader: String?
        /// Why nothing is published at the moment; nil if all is well.
        public var trouble: String?
        /// Who in Postgres keeps the working thread's statement waiting; nil if nobody.
        public var blocker: String?
        var heartbeat = ContinuousClock.now
        var leadHeartbeat = ContinuousClock.now

        /// How long the one of the two threads that is silent for longer has given no sign of life.
        public var sinceHeartbeat: Duration { ContinuousClock.now - min(heartbeat, leadHeartbeat) }
        /// Whether restarting the process would help.
        public var isHung: Bool { sinceHeartbeat > .seconds(OutboxLimits.hangSeconds) }

        /// Seconds since the oldest row that is known to wait was written; 0 if none is.
        public var oldestUnpublishedAge: Double {
            oldestUnpublished.map { max(0, Double(WallClock.microsecondsSince1970 - $0) / 1_000_000) } ?? 0
        }
    }

    private let picture = Mutex(Picture())
    let observer: (any RelayObserver)?

    init(observer: (any RelayObserver)?) {
        self.observer = observer
    }

    public var now: Picture { picture.withLock { $0 } }

    func beats() { picture.withLock { $0.heartbeat = .now } }
    func leadBeats() { picture.withLock { $0.leadHeartbeat = .now } }

    func leads(_ epoch: Int64) {
        picture.withLock {
            $0.epoch = epoch
            $0.phase = .draining
            $0.trouble = nil
        }
        observer?.leads(true, epoch: epoch)
    }

    /// What waits is the leader's to tell.
    func standsBy(behind leader: String?) {
        picture.withLock {
            $0.phase = .standby
            $0.trouble = nil
            $0.leader = leader
            $0.unpublishedRows = 0
            $0.oldestUnpublished = nil
            $0.heldRows = 0
        }
    }

    func polls(_ isPolling: Bool) { picture.withLock { $0.isPolling = isPolling } }

    func blocked(by blocker: String?) { picture.withLock { $0.blocker = blocker } }

    /// When the oldest row that waits was written.
    func waits(since time: Int64?) { picture.withLock { $0.oldestUnpublished = time } }

    func waiting(rows: Int) { picture.withLock { $0.unpublishedRows = rows } }

    func held(_ change: (Int) -> Int) { picture.withLock { $0.heldRows = change($0.heldRows) } }

    func lostLead(_ why: String) {
        let epoch = picture.withLock {
            $0.phase = .connecting
            $0.trouble = why
            return $0.epoch
        }
        observer?.leads(false, epoch: epoch)
    }

    func recovered() { picture.withLock { $0.trouble = nil } }

    func troubled(_ why: String) { picture.withLock { $0.trouble = why } }

    /// A cut was looked for: Postgres answers, and what was there before is published.
    func advanced(rows: Int) {
        picture.withLock {
            $0.phase = rows > 0 ? .draining : .idle
            $0.trouble = nil
            $0.unpublishedRows = rows
            if rows == 0 { $0.oldestUnpublished = nil }
        }
        if rows > 0 { observer?.tookCut(rows: rows) }
    }

    func acknowledged(_ latencies: LatencyBuckets) {
        picture.withLock {
            $0.trouble = nil
            $0.lastAcknowledged = .now
        }
        observer?.acknowledged(rows: latencies.rows, latencies: latencies.counts)
    }

    func parked(_ count: Int) {
        picture.withLock { $0.parkedKeys = count }
        observer?.parkedKeys(count)
    }

    func failed(_ failure: PublishFailure) {
        picture.withLock { $0.trouble = failure.explanation }
        observer?.failed(failure)
    }
}
