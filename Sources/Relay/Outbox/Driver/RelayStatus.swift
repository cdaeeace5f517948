import Postgres
import Synchronization
import Threads

/// What a relay is doing, for health endpoints and gauges. Written by the relay's threads, read by any thread.
public final class RelayStatus: Sendable {
    /// The kinds of work of a relay.
    public enum Phase: Equatable, Sendable {
        /// Not connected to Postgres yet, or not any more.
        case connecting
        /// Another relay leads.
        case standby
        /// Leads, and a cut is being published.
        case draining
        /// Leads, and there was nothing to publish.
        case idle
    }

    /// The relay at one moment.
    public struct Picture: Sendable {
        /// The kind of work the relay is doing.
        public var phase = Phase.connecting
        /// The epoch in which this relay leads or led; 0 if never.
        public var epoch: Int64 = 0
        /// How many keys are parked.
        public var parkedKeys = 0
        /// Whether the relay polls, because LISTEN does not work where it is connected.
        public var isPolling = false
        /// Rows that wait because their key is parked.
        public var heldRows = 0
        /// Rows that wait to be published, without held rows, when they were last counted: exact while they are few,
        /// else an estimate.
        public var unpublishedRows = 0
        /// When the oldest row that is known to wait was written, in microseconds since 1970; nil if none is.
        public var oldestUnpublished: Int64?
        /// When Kafka last acknowledged a row; nil before the first.
        public var lastAcknowledged: ContinuousClock.Instant?
        /// The leader, while another relay leads and can be identified.
        public var leader: String?
        /// Why nothing is published at the moment; nil if nothing is wrong.
        public var trouble: String?
        /// Who has the relay paused, and why; nil if it publishes.
        public var pause: String?
        /// The sessions in Postgres that the working thread's statement waits for; nil if it waits for none.
        public var blocker: String?
        /// The connection whose statement is later than its class allows, `lead` or `work`, and for how long it waits;
        /// nil if none is.
        public var late: (connection: String, silent: Duration)?
        var heartbeat = ContinuousClock.now
        var leadHeartbeat = ContinuousClock.now

        /// How long one of the two threads has given no sign of life, the longer time of both.
        public var sinceHeartbeat: Duration { ContinuousClock.now - min(heartbeat, leadHeartbeat) }
        /// Whether restarting the process would help.
        public var isHung: Bool { sinceHeartbeat > .seconds(OutboxLimits.hangSeconds) }

        /// Seconds since the oldest row that is known to wait was written; 0 if none waits.
        public var oldestUnpublishedAge: Double {
            oldestUnpublished.map { max(0, Double(WallClock.microsecondsSince1970 - $0) / 1_000_000) } ?? 0
        }
    }

    private struct Silences {
        var lead: PostgresSilence?
        var work: PostgresSilence?
    }

    private let picture = Mutex(Picture())
    private let silences = Mutex(Silences())
    let observer: (any RelayObserver)?

    init(observer: (any RelayObserver)?) {
        self.observer = observer
    }

    /// The relay at this moment.
    public var now: Picture {
        var now = picture.withLock { $0 }
        now.late = late
        return now
    }

    private var late: (connection: String, silent: Duration)? {
        let silences = silences.withLock { $0 }
        return [("lead", silences.lead?.lateness), ("work", silences.work?.lateness)]
            .compactMap { name, silent in silent.map { (name, $0) } }.max { $0.1 < $1.1 }
    }

    /// The leading thread has a new connection.
    func watch(lead silence: PostgresSilence) { silences.withLock { $0.lead = silence } }

    /// The working thread has a new connection.
    func watch(work silence: PostgresSilence) { silences.withLock { $0.work = silence } }

    // MARK: Leadership

    /// The working thread is alive.
    func recordHeartbeat() { picture.withLock { $0.heartbeat = .now } }

    /// The leading thread is alive.
    func recordLeadHeartbeat() { picture.withLock { $0.leadHeartbeat = .now } }

    /// This relay leads.
    func recordLead(epoch: Int64) {
        picture.withLock {
            $0.epoch = epoch
            $0.phase = .draining
            $0.trouble = nil
        }
        observer?.leads(true, epoch: epoch)
    }

    /// Another relay leads, and it counts the rows that wait.
    func recordStandby(behind leader: String?) {
        picture.withLock {
            $0.phase = .standby
            $0.trouble = nil
            $0.leader = leader
            $0.pause = nil
            $0.unpublishedRows = 0
            $0.oldestUnpublished = nil
            $0.heldRows = 0
        }
    }

    /// The session of the working thread ended.
    func recordLostLead(_ why: String) {
        let epoch = picture.withLock {
            $0.phase = .connecting
            $0.trouble = why
            return $0.epoch
        }
        observer?.leads(false, epoch: epoch)
    }

    func setPolling(_ isPolling: Bool) { picture.withLock { $0.isPolling = isPolling } }

    func setBlocker(_ blocker: String?) { picture.withLock { $0.blocker = blocker } }

    func setPause(_ why: String?) { picture.withLock { $0.pause = why } }

    func setTrouble(_ why: String) { picture.withLock { $0.trouble = why } }

    func clearTrouble() { picture.withLock { $0.trouble = nil } }

    // MARK: Rows

    /// When the oldest row that waits was written, in microseconds since 1970; nil if none waits.
    func setOldestUnpublished(_ time: Int64?) { picture.withLock { $0.oldestUnpublished = time } }

    func setUnpublishedRows(_ rows: Int) { picture.withLock { $0.unpublishedRows = rows } }

    func setHeldRows(_ rows: Int) { picture.withLock { $0.heldRows = rows } }

    /// Rows are held, or held no more. Never below zero.
    func changeHeldRows(by change: Int) { picture.withLock { $0.heldRows = max(0, $0.heldRows + change) } }

    func setParkedKeys(_ count: Int) {
        picture.withLock { $0.parkedKeys = count }
        observer?.parkedKeys(count)
    }

    /// A cut was looked for: Postgres answers, and every earlier row is published.
    func recordCut(rows: Int) {
        picture.withLock {
            $0.phase = rows > 0 ? .draining : .idle
            $0.trouble = nil
            $0.unpublishedRows = rows
            if rows == 0 { $0.oldestUnpublished = nil }
        }
        if rows > 0 { observer?.tookCut(rows: rows) }
    }

    func recordAcknowledged(_ latencies: LatencyBuckets) {
        picture.withLock {
            $0.trouble = nil
            $0.lastAcknowledged = .now
        }
        observer?.acknowledged(rows: latencies.rows, latencies: latencies.counts)
    }

    func recordFailure(_ failure: PublishFailure) {
        picture.withLock { $0.trouble = failure.explanation }
        observer?.failed(failure)
    }
}
