import Logging
import Postgres
import Threads

/// The working thread while its relay leads: does what the machine says, one action after the other.
final class RelaySession {
    private let configuration: RelayConfiguration
    private let signals: RelaySignals
    private let epoch: Int64
    private let waits: SessionWaits
    private let store: CheckpointStore
    private let reader: CutReader
    private let outlet: Outlet
    private let releaser: Releaser
    /// nil where rows are delivered at least once.
    private let exactlyOnce: ExactlyOnce?
    private let retention: Retention?
    private let backlog: BacklogCounter
    private let backend: Int32
    private var machine: RelayMachine
    private var chunk: Chunk?
    private var holdsSleepLock = false
    /// When the last cut of this session was begun; nil before the first.
    private var cutBegan: ContinuousClock.Instant?
    /// A release gave way to the next cut, and goes on after it.
    private var isReleasing = false
    /// How many of the store's held rows are told.
    private var heldRows = 0
    private let status: RelayStatus
    /// Called before and after each action; what it throws ends the session on the spot, as a crash would.
    var fault: ((RelayAction, _ isDone: Bool) throws -> Void)?
    private let backoff: Backoff

    init(
        _ configuration: RelayConfiguration, signals: RelaySignals, epoch: Int64, factory: any PublisherFactory,
        status: RelayStatus, backoff: Backoff, logger: Logger
    ) throws {
        self.backoff = backoff
        self.configuration = configuration
        self.signals = signals
        self.epoch = epoch
        self.status = status
        let (work, identity) = try WorkConnection.open(configuration)
        if !configuration.usesPooler { try work.listen(identity.channel) }
        store = try CheckpointStore(
            work, statements: CheckpointStatements(schema: configuration.schema), epoch: epoch,
            flushesLater: configuration.guarantee == .atLeastOnce)
        reader = CutReader(work, statements: CutStatements(schema: configuration.schema))
        waits = SessionWaits(configuration.usesPooler ? nil : work, reader: reader, signals: signals, status: status)
        backlog = BacklogCounter(work, schema: configuration.schema)
        backend = work.backendPID
        let parking = KeyParking(
            try ParkedKeys(work, schema: configuration.schema), retry: configuration.parkedRetry, status: status,
            logger: logger)
        let isExactlyOnce = configuration.guarantee == .exactlyOnce
        let held = HeldRows(work, schema: configuration.schema)
        let heldRows = try held.count()
        status.held { _ in heldRows }
        outlet = Outlet(
            isExactlyOnce ? nil : factory, wake: signals.workWake, parking: parking, status: status, logger: logger)
        exactlyOnce =
            try isExactlyOnce
            ? ExactlyOnce(
                factory, origin: ServerIdentity.current(work).origin(schema: configuration.schema), store: store,
                held: held,
                outlet: outlet, signals: signals, status: status, logger: logger) : nil
        releaser = Releaser(
            held: held, store: store, outlet: outlet, exactlyOnce: exactlyOnce, signals: signals, epoch: epoch,
            logger: logger)
        retention = Retention(work, identity: identity, configuration: configuration, logger: logger)
        machine = RelayMachine(
            sleep: SleepMachine(ceiling: configuration.pollCeiling, pollInterval: configuration.pollInterval),
            guarantee: configuration.guarantee)
    }

    /// Runs until asked to stop, or until leadership or a connection is lost, which throws.
    func run() throws {
        defer {
            exactlyOnce?.close()
            outlet.close()
            signals.work = nil
        }
        prepareDraining()
        var action = machine.handle(.led(store.checkpoint), seeing: try look())
        while action != .stop {
            signals.wantsSleepLock = machine.wantsSleepLock
            waits.beat()
            guard signals.isLeading(epoch) else { throw CheckpointStore.fenced }
            if isStopOverdue { return }
            holdsSleepLock = signals.holdsSleepLock
            try fault?(action, false)
            let event = try perform(action)
            if let rows = try backlog.countIfDue(store.checkpoint, settledThrough: settledThrough) {
                status.waiting(rows: rows)
            }
            try fault?(action, true)
            action = machine.handle(event, seeing: try look())
        }
    }

    private var settledThrough: Int64 { max(outlet.window.settledThrough ?? 0, store.checkpoint.drainedThrough) }

    private func look() throws -> RelaySight {
        outlet.takeReports()
        status.waits(since: outlet.window.oldestWrittenAt ?? chunk?.nextCreatedAt)
        var sight = RelaySight()
        sight.inFlight = outlet.window.unsettled
        sight.span = outlet.window.span
        sight.settledThrough = outlet.window.settledThrough
        sight.failure = outlet.takeFailure()
        // Opening another publisher would fence the new leader in its turn: first see who leads.
        if let failure = sight.failure, failure.kind == .fenced, exactlyOnce != nil {
            throw ExactlyOnce.fenced(outlet.refusals.last ?? PublishFailure(.fenced, "fenced"))
        }
        sight.holdsSleepLock = holdsSleepLock
        sight.hadNews = waits.hadNews
        sight.isReleasing = isReleasing
        sight.isStopping = signals.isStopping
        return sight
    }

    private var isStopOverdue: Bool { signals.stopDeadline.map { ContinuousClock.now > $0 } ?? false }
}

// MARK: - Actions

extension RelaySession {
    private func perform(_ action: RelayAction) throws -> RelayEvent {
        signals.work = action.isWait ? nil : (backend, .now)
        defer { signals.work = nil }
        switch action {
        case .advance: return try advance()
        case .fetch(let after): return try fetch(after: after)
        case .offer: return try offer()
        case .save(let through):
            try store.save(through: through, holding: outlet.parking.held)
            forgetHeld()
            return .saved
        case .commit(let through):
            reader.settle()
            return try exactlyOnce?.commit(through: through) == true ? .committed : .notCommitted
        case .recover:
            reader.settle()
            guard let through = try exactlyOnce?.recover() else { return .notRecovered }
            return .recovered(through: through)
        case .abandon(let pause):
            outlet.abandon()
            chunk = nil
            waits.until(.now + pause)
            return .abandoned
        case .wait(let longest):
            try waits.forReports(longest)
            return .waited
        case .listen(let longest):
            try waits.forNews(longest)
            return .waited
        case .space(let distance):
            if let cutBegan { waits.until(cutBegan + distance) }
            return .waited
        case .stop:
            return .waited
        }
    }

    private func advance() throws -> RelayEvent {
        cutBegan = .now
        try waits.beginCut()
        try storeHeld()
        let released = try releaser.releaseAsked(waiting: mayWaitWhileReleasing)
        isReleasing = released != .rests
        if released == .undone { return .undone(store.checkpoint) }
        let advance = try store.advance(
            holding: outlet.parking.held, smallCut: min(OutboxLimits.rowsOfSmallCut, reader.rowsAtOnce.count))
        forgetHeld()
        outlet.beginCut()
        backlog.begin()
        try retention?.passIfDue()
        backoff.succeeded()
        status.advanced(rows: advance.rows)
        guard advance.rows > 0 else { return .foundNothing }
        if advance.firstChunk == nil { reader.rowsAtOnce.read(advance.rows, bytes: advance.bytes) }
        prepareDraining(advance.firstChunk)
        return .advanced(store.checkpoint, rows: advance.rows)
    }

    /// A release may wait for Kafka as long as this one leads, and when asked to stop for as long as anything may.
    private func mayWaitWhileReleasing() throws -> Bool {
        waits.beat()
        try waits.takeNotifications()
        guard signals.isLeading(epoch) else { throw CheckpointStore.fenced }
        return !isStopOverdue
    }

    /// Before a key is released: rows of the last cut that are not stored would be left behind when the key is
    /// forgotten.
    private func storeHeld() throws {
        guard !outlet.parking.held.isEmpty else { return }
        try store.save(
            through: outlet.window.settledThrough ?? store.checkpoint.drainedThrough, holding: outlet.parking.held)
        forgetHeld()
    }

    /// The held rows are stored.
    private func forgetHeld() {
        outlet.parking.forgetHeld()
        let stored = store.heldRows - heldRows
        heldRows = store.heldRows
        if stored > 0 { status.held { $0 + stored } }
    }

    private func prepareDraining(_ firstChunk: Chunk? = nil) {
        guard let draining = store.checkpoint.draining else { return }
        reader.begin(published: store.checkpoint.published, draining: draining, firstChunk: firstChunk)
    }

    private func fetch(after outboxID: Int64) throws -> RelayEvent {
        let fetched = try reader.read(after: outboxID)
        chunk = fetched
        return .fetched(rows: fetched.count, lastID: fetched.lastID, isLast: fetched.isLast)
    }

    /// Offers rows until the publisher is full or the transaction whole.
    private func offer() throws -> RelayEvent {
        guard var current = chunk else { return .offered(all: true) }
        chunk = nil
        var isDone = false
        defer { chunk = isDone ? nil : current }
        let probeThrough = machine.probeThrough
        while !current.isOffered, outlet.rowsInTransaction < machine.rowsPerTransaction {
            if current.next % OutboxLimits.rowsPerLeaseLook == 0, !signals.isLeading(epoch) {
                throw CheckpointStore.fenced
            }
            if let unreadable = current.unreadable {
                outlet.refuse(unreadable)
                current.next += 1
                continue
            }
            let row = try current.row(current.next, epoch: epoch)
            let isProbe = probeThrough.map { row.outboxID <= $0 } ?? false
            if isProbe && outlet.window.span > 0 { return .offered(all: false) }
            guard outlet.offer(row, isProbe: isProbe) else { return .offered(all: false) }
            current.next += 1
        }
        isDone = current.isOffered
        guard let exactlyOnce else { return .offered(all: true) }
        let last = try current.outboxID(current.next - 1)
        guard exactlyOnce.seal(through: last) else {
            isDone = false
            return .offered(all: false)
        }
        return .sealed(through: last, all: isDone)
    }
}
