import Logging
import Postgres
import Sabotage
import Threads

/// The working thread while its relay leads: does what ``RelayMachine`` says, one action after the other. All waiting
/// for Kafka, writers and time is done by this loop.
final class RelaySession {
    private let configuration: RelayConfiguration
    private let signals: RelaySignals
    private let lease: RelaySignals.Lease
    private let waits: SessionWaits
    private let store: CheckpointStore
    private let reader: CutReader
    private let delivery: any Delivery
    private let pipeline: PublishPipeline
    private let releaser: Releaser
    private let retention: Retention?
    private let backlog: BacklogCounter
    private let backend: Int32
    private var machine: RelayMachine
    private var chunk: Chunk?
    private var holdsSleepLock = false
    /// When the last cut of this session was begun; nil before the first.
    private var cutBegan: ContinuousClock.Instant?
    private let status: RelayStatus
    /// Whether a cut was looked for: Postgres answers, and every earlier cut is published.
    private(set) var hasAdvanced = false
    /// Tests only. Called before and after each action; an error that it throws ends the session at once, as a crash
    /// would.
    var fault: ((RelayAction, _ isDone: Bool) throws -> Void)?

    /// Connects and reads the checkpoint, which must be of this epoch.
    ///
    /// - Throws: ``OutboxError`` and `PostgresError`.
    init(
        _ configuration: RelayConfiguration, signals: RelaySignals, epoch: Int64, factory: any PublisherFactory,
        status: RelayStatus, logger: Logger
    ) throws {
        self.configuration = configuration
        self.signals = signals
        self.status = status
        lease = signals.lease(of: epoch)
        let (work, identity) = try WorkConnection.open(configuration, former: signals.workSession?.backend)
        status.watch(work: work.silence)
        let server = try ServerIdentity.current(work)
        guard server == signals.server ?? server else { throw Self.otherServer(server) }
        let origin = server.origin(schema: configuration.schema)
        if !configuration.usesPooler {
            signals.workSession = RelaySignals.WorkSession(
                backend: try PostgresBackend.own(work), silence: work.silence)
            try work.listen(identity.channel)
        }
        store = try CheckpointStore(
            work, statements: CheckpointStatements(schema: configuration.schema), epoch: epoch,
            flushesLater: configuration.guarantee == .atLeastOnce)
        try store.waitForStandby()
        reader = CutReader(work, statements: CutStatements(schema: configuration.schema))
        waits = SessionWaits(configuration.usesPooler ? nil : work, reader: reader, signals: signals, status: status)
        backlog = BacklogCounter(work, schema: configuration.schema, time: signals.time)
        backend = signals.workSession?.backend.pid ?? work.backendPID
        let parking = KeyParking(
            try ParkedKeys(work, schema: configuration.schema), retry: configuration.parkedRetry, status: status,
            logger: logger)
        let held = HeldRows(work, schema: configuration.schema)
        status.setHeldRows(try held.count())
        switch configuration.guarantee {
        case .atLeastOnce:
            delivery = AtLeastOnceDelivery(factory, parking: parking, lease: lease, status: status, logger: logger)
        case .exactlyOnce:
            delivery = ExactlyOnceDelivery(
                factory, origin: origin, store: store, held: held, policy: configuration.afterDataLoss,
                parking: parking, lease: lease, status: status, logger: logger)
        }
        pipeline = delivery.pipeline
        pipeline.mark.outboxTag = origin.tag
        pipeline.mark.cut = store.checkpoint.cut
        let checkpoint = store.checkpoint
        signals.settled =
            checkpoint.draining == nil ? (checkpoint.cut, checkpoint.drainedThrough) : (checkpoint.cut - 1, 0)
        releaser = Releaser(held: held, store: store, delivery: delivery, logger: logger)
        retention = Retention(work, identity: identity, configuration: configuration, logger: logger)
        machine = RelayMachine(
            sleep: SleepMachine(ceiling: configuration.pollCeiling, pollInterval: configuration.pollInterval),
            guarantee: configuration.guarantee)
    }

    /// An address with several hosts can lead to two servers that both accept writes, while one is promoted.
    private static func otherServer(_ server: ServerIdentity) -> OutboxError {
        OutboxError(
            .postgres, "the two connections of this relay lead to different servers, this one to \(server)")
    }

    /// Runs until asked to stop.
    ///
    /// - Throws: when leadership or a connection is lost, or publishing is useless.
    func run() throws {
        defer { close() }
        var action = try begin()
        while action != .stop {
            if action.beginsPublishing, signals.pause != nil {
                try waitOutPause()
                // What is not published yet is for the next session.
                guard !signals.isStopping else { return }
            }
            action = try next(after: try step(action))
        }
    }

    // A simulation calls the parts of ``run()`` itself, and others in between.

    /// What to do first.
    func begin() throws -> RelayAction {
        prepareDraining()
        return machine.handle(.led(store.checkpoint), seeing: try readInput())
    }

    /// Does what the machine said.
    func step(_ action: RelayAction) throws -> RelayEvent {
        signals.wantsSleepLock = machine.wantsSleepLock
        waits.recordHeartbeat()
        try lease.check()
        holdsSleepLock = signals.holdsSleepLock
        try fault?(action, false)
        let event = try perform(action)
        try countBacklog()
        try fault?(action, true)
        return event
    }

    /// What to do after that.
    func next(after event: RelayEvent) throws -> RelayAction { machine.handle(event, seeing: try readInput()) }

    /// Drops everything.
    func close() {
        delivery.close()
        signals.work = nil
    }

    // MARK: Pause

    /// Waits while the relay is paused, and saves what Kafka acknowledges meanwhile. The name of the session says to
    /// operators that nothing is published any more.
    private func waitOutPause() throws {
        signals.wantsSleepLock = false
        try waits.showPause("outbox-relay work, paused in epoch \(lease.epoch)")
        var nextCount = ContinuousClock.now
        while signals.pause != nil, !signals.isStopping {
            waits.recordHeartbeat()
            try lease.check()
            try saveAcknowledged()
            if .now >= nextCount {
                try countPausedBacklog()
                nextCount = .now + .milliseconds(OutboxLimits.backlogLookMilliseconds)
            }
            signals.workWake.wait(until: .now + .milliseconds(OutboxLimits.pauseLookMilliseconds))
        }
        try saveAcknowledged()
        try waits.showPause(nil)
    }

    /// A relay that is stopped while it is paused must not repeat rows that were in flight when it paused. With
    /// exactly-once delivery, rows that are not committed are not in Kafka.
    private func saveAcknowledged() throws {
        delivery.takeReports()
        guard configuration.guarantee == .atLeastOnce, !machine.isReleasing, store.checkpoint.draining != nil,
            let through = pipeline.window.settledThrough, through > store.checkpoint.drainedThrough
        else { return }
        _ = try perform(.save(through: through))
    }

    private func countPausedBacklog() throws {
        let checkpoint = store.checkpoint
        status.setUnpublishedRows(
            try backlog.count(
                published: checkpoint.published, draining: checkpoint.draining ?? checkpoint.published,
                settledThrough: checkpoint.drainedThrough))
        status.setOldestUnpublished(
            try OutboxOperator(reader.connection, schema: configuration.schema).oldestWaiting())
    }

    private func readInput() throws -> RelayInput {
        delivery.takeReports()
        var input = RelayInput()
        input.span = pipeline.window.span
        input.settledThrough = pipeline.window.settledThrough
        input.failure = try delivery.takeFailure()
        input.holdsSleepLock = holdsSleepLock
        input.hadNews = waits.hadNews
        input.hasParkedKeys = !pipeline.parking.isEmpty
        if machine.isReleasing {
            input.isReleaseTimeOver = releaser.isTimeOver
        } else {
            // Held rows that are in flight do not count as rows that wait.
            status.setOldestUnpublished(pipeline.window.oldestWrittenAt ?? chunk?.nextCreatedAt)
        }
        if let deadline = signals.stopDeadline {
            input.isStopping = true
            input.isStopOverdue = signals.time.now > deadline
        }
        return input
    }

    /// Counts the rows that wait, now and then. During a release the window holds rows that are not counted here.
    private func countBacklog() throws {
        guard !machine.isReleasing else { return }
        let settled = max(pipeline.window.settledThrough ?? 0, store.checkpoint.drainedThrough)
        if let rows = try backlog.countIfDue(store.checkpoint, settledThrough: settled) {
            status.setUnpublishedRows(rows)
        }
    }

    // MARK: Actions

    private func perform(_ action: RelayAction) throws -> RelayEvent {
        signals.work = action.isWait ? nil : (backend, .now)
        defer { signals.work = nil }
        switch action {
        case .advance: return try advance()
        case .fetch(let after): return try fetch(after: after)
        case .offer(let limits): return try offer(limits)
        case .save(let through):
            try reachedAfterAck()
            try store.save(through: through, holding: pipeline.parking.held.through(through))
            signals.settled = (store.checkpoint.cut, through)
            pipeline.parking.forgetHeld(through: through, stored: store.heldRows)
            return .saved
        case .commit(let through):
            reader.settle()
            return try delivery.commit(through: through)
        case .recover:
            reader.settle()
            return try delivery.recover()
        case .release(let step): return try releaser.perform(step)
        case .abandon, .wait, .listen, .space, .stop: return try wait(action)
        }
    }

    /// With exactly-once delivery the point is before the commit of Kafka's transaction.
    private func reachedAfterAck() throws {
        if configuration.guarantee == .atLeastOnce { try FailPoint.relayAfterAck.reached() }
    }

    private func wait(_ action: RelayAction) throws -> RelayEvent {
        switch action {
        case .abandon(let pause):
            delivery.abandon()
            chunk = nil
            waits.untilStopped(signals.time.now + pause)
            return .abandoned
        case .wait(let longest): try waits.forReports(longest)
        case .listen(let longest): try waits.forNews(longest)
        case .space(let distance): if let cutBegan { waits.untilStopped(cutBegan + distance) }
        default: break
        }
        return .waited
    }

    private func advance() throws -> RelayEvent {
        cutBegan = signals.time.now
        try waits.beginCut()
        let old = store.checkpoint
        if old.draining != nil { try reachedAfterAck() }
        let advance = try reader.connection.withinLongClass {
            try store.advance(
                holding: pipeline.parking.held, smallCut: min(OutboxLimits.rowsOfSmallCut, reader.rowsAtOnce.count))
        }
        assert(store.checkpoint.follows(old), "the checkpoint went back from \(old) to \(store.checkpoint)")
        forgetHeld()
        pipeline.mark.cut = store.checkpoint.cut
        if old.draining != nil {
            signals.settled = (old.cut, max(old.drainedThrough, pipeline.window.settledThrough ?? 0))
        }
        pipeline.beginFlight()
        backlog.begin()
        try retention?.passIfDue()
        if Mutant.publishedRowsDeleted.isOn { try reader.deletePublished(old.draining ?? old.published) }
        hasAdvanced = true
        status.recordCut(rows: advance.rows)
        guard advance.rows > 0 else { return .foundNothing }
        if advance.firstChunk == nil { reader.rowsAtOnce.read(advance.rows, bytes: advance.bytes) }
        prepareDraining(advance.firstChunk)
        return .advanced(store.checkpoint, rows: advance.rows)
    }

    private func forgetHeld() { pipeline.parking.forgetHeld(stored: store.heldRows) }

    private func prepareDraining(_ firstChunk: Chunk? = nil) {
        guard let draining = store.checkpoint.draining else { return }
        reader.begin(published: store.checkpoint.published, draining: draining, firstChunk: firstChunk)
    }

    private func fetch(after outboxID: Int64) throws -> RelayEvent {
        try FailPoint.relayBeforeRead.reached()
        let fetched = try reader.read(after: outboxID)
        try FailPoint.relayAfterRead.reached()
        chunk = fetched
        return .fetched(rows: fetched.count, lastID: fetched.lastID, isLast: fetched.isLast)
    }

    /// A chunk whose rows are all with the publisher is given back to libpq at once.
    private func offer(_ limits: OfferLimits) throws -> RelayEvent {
        guard var current = chunk else { preconditionFailure("rows are offered that were not read") }
        chunk = nil
        let event = try delivery.offer(&current, within: limits)
        if pipeline.window.span > 0 { try FailPoint.relayAfterProduce.reached() }
        switch event {
        case .offered(all: true), .sealed(_, all: true): break
        default: chunk = current
        }
        return event
    }
}
