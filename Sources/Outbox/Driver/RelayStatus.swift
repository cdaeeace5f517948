internal import Synchronization

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
        /// Why nothing is published at the moment; nil if all is well.
        public var trouble: String?
        var heartbeat = ContinuousClock.now

        /// Since when the working thread has not come round.
        public var sinceHeartbeat: Duration { ContinuousClock.now - heartbeat }
        /// Whether restarting the process would help.
        public var isHung: Bool { sinceHeartbeat > .seconds(OutboxLimits.hangSeconds) }
    }

    private let picture = Mutex(Picture())
    let observer: (any RelayObserver)?

    init(observer: (any RelayObserver)?) {
        self.observer = observer
    }

    public var now: Picture { picture.withLock { $0 } }

    func beats() { picture.withLock { $0.heartbeat = .now } }

    func leads(_ epoch: Int64) {
        picture.withLock {
            $0.epoch = epoch
            $0.phase = .draining
        }
        observer?.leads(true, epoch: epoch)
    }

    func standsBy() {
        picture.withLock {
            $0.phase = .standby
            $0.trouble = nil
        }
    }

    func lostLead(_ why: String) {
        let epoch = picture.withLock {
            $0.phase = .connecting
            $0.trouble = why
            return $0.epoch
        }
        observer?.leads(false, epoch: epoch)
    }

    func troubled(_ why: String) { picture.withLock { $0.trouble = why } }

    func advanced(rows: Int) {
        picture.withLock { $0.phase = rows > 0 ? .draining : .idle }
        if rows > 0 { observer?.tookCut(rows: rows) }
    }

    func acknowledged(_ latencies: LatencyBuckets) {
        picture.withLock { $0.trouble = nil }
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
