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
        let backend: PostgresBackend
        let silence: PostgresSilence
    }

    /// A leadership, and how far it has published.
    struct LeadPlace {
        let server: ServerIdentity
        let epoch: Int64
        let settled: (cut: Int64, through: Int64)
    }

    private struct State {
        var lead = Lead.standby
        var pause: String?
        var wantsSleepLock = false
        var holdsSleepLock = false
        var stopDeadline: ContinuousClock.Instant?
        var isPooled = false
        var server: ServerIdentity?
        var settled: (cut: Int64, through: Int64)?
        var lastPlace: LeadPlace?
        var question: RecordQuestion?
        var ahead: AheadRecord?
        var isFinished = false
        var heartbeat: ContinuousClock.Instant
        var work: (backend: Int32, since: ContinuousClock.Instant)?
        var workSession: WorkSession?
        var finalError: OutboxError?
    }

    private let state: Mutex<State>
    /// The clock of both threads.
    let time: any RelayTime
    /// Rings for the working thread: reports, leadership, the sleep lock, the request to stop.
    let workWake: WakeDescriptor
    /// Rings for the leading thread.
    let leadWake: WakeDescriptor
    /// Rings for the thread that keeps Kafka's record.
    let recordWake: WakeDescriptor

    /// - Throws: when the process has no file descriptors left.
    init(time: any RelayTime = MachineTime()) throws {
        self.time = time
        state = Mutex(State(heartbeat: time.now))
        workWake = try WakeDescriptor()
        leadWake = try WakeDescriptor()
        recordWake = try WakeDescriptor()
    }

    /// Sets a value, and rings if it is another one than before.
    private func change<Value: Equatable & Sendable>(
        _ value: any WritableKeyPath<State, Value> & Sendable, to new: Value, ringing wake: WakeDescriptor
    ) {
        let hasChanged = state.withLock { state in
            defer { state[keyPath: value] = new }
            return state[keyPath: value] != new
        }
        if hasChanged { wake.wake() }
    }

    // MARK: Set by the leading thread

    /// Whether this relay leads; a change rings for the working thread.
    var lead: Lead {
        get { state.withLock { $0.lead } }
        set { change(\.lead, to: newValue, ringing: workWake) }
    }

    /// A transaction pooler was found: nothing may be kept in the session.
    var isPooled: Bool {
        get { state.withLock { $0.isPooled } }
        set { state.withLock { $0.isPooled = newValue } }
    }

    /// The server that the leading thread is connected to; nil before the first connect.
    var server: ServerIdentity? { state.withLock { $0.server } }

    /// Notes the server that the leading thread is connected to.
    ///
    /// - Throws: ``OutboxError`` with code `postgres` if it is the old primary of one that was promoted, and that this
    ///   process has seen: an address with several hosts may lead to it for a while.
    func note(_ server: ServerIdentity) throws(OutboxError) {
        let known = state.withLock { state in
            if let known = state.server, known.isLater(than: server) { return known }
            state.server = server
            return server
        }
        guard known == server else {
            throw OutboxError(
                .postgres,
                "this server is on timeline \(server.timeline), and timeline \(known.timeline) was seen before: it is "
                    + "an old primary, which should be stopped")
        }
    }

    /// Whether `epoch` leads and its lease has not ended by this process's clock.
    func isLeading(_ epoch: Int64) -> Bool {
        guard case .leading(epoch, let until) = lead else { return false }
        return time.now < until
    }

    /// The right of `epoch` to publish, to be checked again and again.
    func lease(of epoch: Int64) -> Lease { Lease(signals: self, epoch: epoch) }

    /// The lease was renewed. Rings for no thread.
    func extendLease(_ epoch: Int64, until: ContinuousClock.Instant) {
        state.withLock { $0.lead = .leading(epoch: epoch, until: until) }
    }

    /// Who has the relay paused, and why; nil if it is not. A change rings for the working thread.
    var pause: String? {
        get { state.withLock { $0.pause } }
        set { change(\.pause, to: newValue, ringing: workWake) }
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
        set { change(\.wantsSleepLock, to: newValue, ringing: leadWake) }
    }

    /// The newest cut that is published as a whole, or the current one as far as its rows are settled: what the record
    /// of at-least-once delivery says.
    ///
    /// nil while no session has read the checkpoint; the first value rings for the thread that keeps the record.
    var settled: (cut: Int64, through: Int64)? {
        get { state.withLock { $0.settled } }
        set {
            let isFirst = state.withLock { state in
                defer { state.settled = newValue }
                return state.settled == nil
            }
            if isFirst { recordWake.wake() }
        }
    }

    // MARK: Between the leading thread and the one that keeps Kafka's record

    /// What Kafka has not answered when the relay began to lead; nil when nothing is open.
    var question: RecordQuestion? {
        get { state.withLock { $0.question } }
        set { state.withLock { $0.question = newValue } }
    }

    /// Kafka's record is ahead of the checkpoint with which the leadership began. Rings for the leading thread.
    func contest(by record: AheadRecord) {
        state.withLock { $0.ahead = record }
        leadWake.wake()
    }

    /// What the leadership of `epoch` is contested by; nil if it is not. The answer is given once.
    func takeContest(of epoch: Int64) -> AheadRecord? {
        state.withLock { state in
            defer { state.ahead = nil }
            return state.ahead?.epoch == epoch ? state.ahead : nil
        }
    }

    // MARK: The end, and signs of life

    /// The working thread has ended: the leading thread may resign. Where the leadership was then is kept, because the
    /// leading thread forgets it while Kafka's record is still to be written.
    func finish() {
        state.withLock { state in
            state.lastPlace = Self.place(state)
            state.isFinished = true
        }
        leadWake.wake()
        recordWake.wake()
    }

    /// Where the leadership is; nil while there is none whose session has read the checkpoint.
    var place: LeadPlace? { state.withLock { Self.place($0) } }

    /// Where the leadership was when the working thread ended.
    var lastPlace: LeadPlace? { state.withLock { $0.lastPlace } }

    private static func place(_ state: State) -> LeadPlace? {
        guard case .leading(let epoch, _) = state.lead, let server = state.server, let settled = state.settled else {
            return nil
        }
        return LeadPlace(server: server, epoch: epoch, settled: settled)
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
        let deadline = time.now + .milliseconds(OutboxLimits.settleMilliseconds)
        state.withLock { $0.stopDeadline = $0.stopDeadline ?? deadline }
        workWake.wake()
        leadWake.wake()
    }

    /// Whether the relay was asked to stop.
    var isStopping: Bool { stopDeadline != nil }

    /// When what is in flight is given up; nil unless asked to stop.
    var stopDeadline: ContinuousClock.Instant? { state.withLock { $0.stopDeadline } }

    /// How long a call of the working thread may block: `limit`, or less while the relay stops.
    func workLimit(_ limit: Duration) -> Duration {
        guard let stopDeadline else { return limit }
        return min(limit, max(.milliseconds(OutboxLimits.lastCallMilliseconds), stopDeadline - time.now))
    }

    /// How long a call may block that is made besides and after the work: `limit`, or what is left until the relay has
    /// to have ended. Not positive when nothing is left.
    func lastLimit(_ limit: Duration) -> Duration {
        guard let stopDeadline else { return limit }
        let end = stopDeadline + .milliseconds(OutboxLimits.stopMilliseconds - OutboxLimits.settleMilliseconds)
        return min(limit, end - time.now)
    }

    /// Stops the relay because of an error that no further attempt can mend.
    func fail(_ error: OutboxError) {
        state.withLock { $0.finalError = $0.finalError ?? error }
        stop()
    }

    /// The first error that ``fail(_:)`` was told.
    var finalError: OutboxError? { state.withLock { $0.finalError } }
}
