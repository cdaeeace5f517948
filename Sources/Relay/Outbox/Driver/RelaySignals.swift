import Synchronization
import Threads

/// What the two threads of a relay tell each other. Each looks when its descriptor rings.
final class RelaySignals: Sendable {
    enum Lead: Equatable {
        case standby
        case leading(epoch: Int64, until: ContinuousClock.Instant)
    }

    private struct State {
        var lead = Lead.standby
        var wantsSleepLock = false
        var holdsSleepLock = false
        /// When the time to stop in is over; nil unless asked to stop.
        var stopDeadline: ContinuousClock.Instant?
        var isPooled = false
        var isFinished = false
        var heartbeat = ContinuousClock.now
        var work: (backend: Int32, since: ContinuousClock.Instant)?
        var finalError: OutboxError?
    }

    private let state = Mutex(State())
    /// Rings for the working thread: reports, leadership, the sleep lock, the end.
    let workWake: WakeDescriptor
    /// Rings for the leading thread.
    let leadWake: WakeDescriptor

    init() throws {
        workWake = try WakeDescriptor()
        leadWake = try WakeDescriptor()
    }

    // MARK: Told by the leading thread

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

    /// Whether `epoch` leads and its lease still runs by our own clock.
    func isLeading(_ epoch: Int64) -> Bool {
        guard case .leading(epoch, let until) = lead else { return false }
        return ContinuousClock.now < until
    }

    func extendLease(_ epoch: Int64, until: ContinuousClock.Instant) {
        state.withLock { $0.lead = .leading(epoch: epoch, until: until) }
    }

    var holdsSleepLock: Bool {
        get { state.withLock { $0.holdsSleepLock } }
        set {
            state.withLock { $0.holdsSleepLock = newValue }
            workWake.wake()
        }
    }

    // MARK: Told by the working thread

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

    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// When the working thread last came round.
    var heartbeat: ContinuousClock.Instant {
        get { state.withLock { $0.heartbeat } }
        set { state.withLock { $0.heartbeat = newValue } }
    }

    /// The working thread's backend, and since when it has been busy with one action; nil while it waits.
    var work: (backend: Int32, since: ContinuousClock.Instant)? {
        get { state.withLock { $0.work } }
        set { state.withLock { $0.work = newValue } }
    }

    // MARK: Told by anybody

    func stop() {
        let deadline = ContinuousClock.now + .milliseconds(OutboxLimits.stopMilliseconds)
        state.withLock { $0.stopDeadline = $0.stopDeadline ?? deadline }
        workWake.wake()
        leadWake.wake()
    }

    var isStopping: Bool { stopDeadline != nil }

    var stopDeadline: ContinuousClock.Instant? { state.withLock { $0.stopDeadline } }

    /// An error after which going on is useless.
    func fail(_ error: OutboxError) {
        state.withLock { $0.finalError = $0.finalError ?? error }
        stop()
    }

    var finalError: OutboxError? { state.withLock { $0.finalError } }
}
