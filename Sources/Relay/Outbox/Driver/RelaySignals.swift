import Postgres
import Synchronization
import Threads

/// What the two threads of a relay tell each other. Each thread looks when its wake descriptor rings.
final class RelaySignals: Sendable {
    /// Whether this relay leads.
    enum Lead: Equatable {
        case standby
        /// It leads in this epoch, until the lease ends by this process's clock.
        case leading(epoch: Int64, until: ContinuousClock.Instant)
    }

    /// The right of one epoch to publish.
    struct Lease {
        let signals: RelaySignals
        let epoch: Int64

        /// - Throws: ``OutboxError`` with code `fenced` if the epoch does not lead any more or its lease is over.
        func check() throws(OutboxError) {
            guard signals.isLeading(epoch) else { throw CheckpointStore.fenced }
        }
    }

    /// The working thread's connection, as the leading thread watches it.
    struct WorkSession {
        let backend: Backend
        let silence: PostgresSilence
    }

    private struct State {
        var lead = Lead.standby
        var wantsSleepLock = false
        var holdsSleepLock = false
        var stopDeadline: ContinuousClock.Instant?
        var isPooled = false
        var isFinished = false
        var heartbeat = ContinuousClock.now
        var work: (backend: Int32, since: ContinuousClock.Instant)?
        var workSession: WorkSession?
        var finalError: OutboxError?
    }

    private let state = Mutex(State())
    /// Rings for the working thread: reports, leadership, the sleep lock, the request to stop.
    let workWake: WakeDescriptor
    /// Rings for the leading thread.
    let leadWake: WakeDescriptor

    /// - Throws: when the process has no file descriptors left.
    init() throws {
        workWake = try WakeDescriptor()
        leadWake = try WakeDescriptor()
    }

    // MARK: Set by the leading thread

    /// Whether this relay leads; a change rings for the working thread.
    var lead: Lead {
        get { state.withLock { $0.lead } }
        set {
            let hasChanged = state.withLock { state in
                defer { state.lead = newValue }
                return state.lead != newValue
            }
            if hasChanged { workWake.wake() }
        }
    }

    /// A transaction pooler was found: nothing may be kept in the session.
    var isPooled: Bool {
        get { state.withLock { $0.isPooled } }
        set { state.withLock { $0.isPooled = newValue } }
    }

    /// Whether `epoch` leads and its lease has not ended by this process's clock.
    func isLeading(_ epoch: Int64) -> Bool {
        guard case .leading(epoch, let until) = lead else { return false }
        return ContinuousClock.now < until
    }

    /// The right of `epoch` to publish, to be checked again and again.
    func lease(of epoch: Int64) -> Lease { Lease(signals: self, epoch: epoch) }

    /// The lease was renewed. Rings for no thread.
    func extendLease(_ epoch: Int64, until: ContinuousClock.Instant) {
        state.withLock { $0.lead = .leading(epoch: epoch, until: until) }
    }

    /// Whether writers notify; rings for the working thread.
    var holdsSleepLock: Bool {
        get { state.withLock { $0.holdsSleepLock } }
        set {
            state.withLock { $0.holdsSleepLock = newValue }
            workWake.wake()
        }
    }

    // MARK: Set by the working thread

    /// Whether writers should notify; a change rings for the leading thread.
    var wantsSleepLock: Bool {
        get { state.withLock { $0.wantsSleepLock } }
        set {
            let hasChanged = state.withLock { state in
                defer { state.wantsSleepLock = newValue }
                return state.wantsSleepLock != newValue
            }
            if hasChanged { leadWake.wake() }
        }
    }

    /// The working thread has ended: the leading thread may resign.
    func finish() {
        state.withLock { $0.isFinished = true }
        leadWake.wake()
    }

    /// Whether the working thread has ended.
    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// When the working thread last gave a sign of life.
    var heartbeat: ContinuousClock.Instant {
        get { state.withLock { $0.heartbeat } }
        set { state.withLock { $0.heartbeat = newValue } }
    }

    /// The working thread's backend, and since when it has been busy with one action; nil while it waits.
    var work: (backend: Int32, since: ContinuousClock.Instant)? {
        get { state.withLock { $0.work } }
        set { state.withLock { $0.work = newValue } }
    }

    /// The working thread's connection, or its last one; nil before the first and behind a transaction pooler.
    var workSession: WorkSession? {
        get { state.withLock { $0.workSession } }
        set { state.withLock { $0.workSession = newValue } }
    }

    // MARK: Set by any thread

    /// Asks both threads to end, within ``OutboxLimits/stopMilliseconds``.
    func stop() {
        let deadline = ContinuousClock.now + .milliseconds(OutboxLimits.stopMilliseconds)
        state.withLock { $0.stopDeadline = $0.stopDeadline ?? deadline }
        workWake.wake()
        leadWake.wake()
    }

    /// Whether the relay was asked to stop.
    var isStopping: Bool { stopDeadline != nil }

    /// When the time to stop in is over; nil unless asked to stop.
    var stopDeadline: ContinuousClock.Instant? { state.withLock { $0.stopDeadline } }

    /// Stops the relay because of an error that no further attempt can mend.
    func fail(_ error: OutboxError) {
        state.withLock { $0.finalError = $0.finalError ?? error }
        stop()
    }

    /// The first error that ``fail(_:)`` was told.
    var finalError: OutboxError? { state.withLock { $0.finalError } }
}
