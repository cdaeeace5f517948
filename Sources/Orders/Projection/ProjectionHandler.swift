import Consumers
import Logging
import Threads

/// Applies messages to the projection, under load after gathering them for a while. The positions are written in the
/// transaction of the rows; nothing is committed to the group.
///
/// At most one batch is being applied at a time, on the writer's thread; meanwhile the next one is gathered.
final class ProjectionHandler: MessageHandler {
    private struct Flight {
        let writing: ProjectionWriter.Flight
        let messages: Int
        /// Messages that came since the batch before began.
        let arrived: Int
        let positions: Int
        let begun: ContinuousClock.Instant
        /// The partitions went away or became doubtful meanwhile: a failure of the batch means nothing any more.
        var isAbandoned = false
    }

    private let configuration: ProjectorConfiguration
    private let reports: ConsumerReports<ProjectorHappening>
    private let wake: WakeDescriptor
    private var machine = ProjectorMachine()
    private var rotation = PositionRotation()
    private var openedWriter: ProjectionWriter?
    /// Whether the store was reached since the last failure.
    private var isConnected = false
    private var gathering = Gathering()
    private var schedule: GatherSchedule
    /// Messages that came since the last batch began.
    private var arrived = 0
    private var flight: Flight?
    /// When to look again whether a walk or a rebuild was asked for: operators ask while projectors run. The look also
    /// tells an idle member, with partitions or without, that Postgres has gone.
    private var nextLook = ContinuousClock.now
    /// When the next step of an open rebuild is due.
    private var nextStep = ContinuousClock.now

    /// - Parameter wake: wakes the session when a batch is applied.
    init(
        _ configuration: ProjectorConfiguration, _ reports: ConsumerReports<ProjectorHappening>, _ wake: WakeDescriptor
    ) {
        self.configuration = configuration
        self.reports = reports
        self.wake = wake
        schedule = GatherSchedule(
            most: configuration.maximumBatchMessages, gathering: configuration.gathering, quiet: configuration.quiet,
            leastMessagesPerSecond: configuration.leastMessagesPerSecond)
    }

    func beginRound() throws {
        let writer = try writer()
        if !isConnected {
            try writer.perform { _ in }
            isConnected = true
        }
        if let outcome = flight?.writing.takeOutcome() { try landed(outcome) }
    }

    private func writer() throws -> ProjectionWriter {
        if let openedWriter { return openedWriter }
        let made = try ProjectionWriter(configuration, wake)
        openedWriter = made
        return made
    }

    // MARK: Partitions

    func positions(for request: PositionRequest, from source: any MessageSource) throws -> [Int32: Int64] {
        // A new claim would make the claims of the gathered messages stale.
        try finishFlight()
        if gathering.messageCount > 0 {
            try startFlight(leavingSince: nil)
            try finishFlight()
        }
        let writer = try writer()
        let cluster = try source.clusterID()
        let known = try writer.perform { try $0.knownPositions(of: request.partitions, clusterID: cluster) }
        let unknown = request.partitions.filter { request.lost[$0] != nil || known[$0] == nil }
        // Read before the claim: what is committed to the event store later is published at or behind these.
        let restarts = unknown.isEmpty ? [:] : try source.endOffsets(of: unknown)
        let (claim, isHealing) = try writer.perform { store in
            let claim = try store.claim(
                request.partitions, clusterID: cluster, restarts: restarts,
                reason: request.reason ?? "no position in Kafka cluster \(cluster)")
            return (claim, try store.isHealingWanted())
        }
        machine.claimed(claim, isHealing: isHealing)
        reports.claimed(claim, restarts: restarts, reason: request.reason)
        return claim.positions
    }

    /// Gathered messages are read again by the partitions' next owner. A batch that is being applied counts if it is
    /// committed before the next claim.
    func revoked() { giveUpPositions() }

    func failed(_ error: any Error) -> PositionsAfterFailure {
        if let error = error as? ProjectionError, error.code == .stale { reports.happened(.stale) }
        isConnected = false
        giveUpPositions()
        return .doubtful
    }

    private func giveUpPositions() {
        gathering = Gathering()
        flight?.isAbandoned = true
        machine.doubted()
    }

    // MARK: Messages

    func handle(_ batch: MessageBatch) throws {
        let now = ContinuousClock.now
        gathering.add(batch.messages, nextOffsets: batch.nextOffsets, at: now)
        schedule.arrived(at: now)
        arrived += batch.messages.count
        if gathering.messageCount >= configuration.maximumBatchMessages { try finishFlight() }
        try startFlightWhenDue()
    }

    private func startFlightWhenDue() throws {
        let now = ContinuousClock.now
        guard flight == nil, schedule.isDue(messages: gathering.messageCount, now: now) else { return }
        try startFlight(leavingSince: schedule.waitSince(now: now))
    }

    private func startFlight(leavingSince start: ContinuousClock.Instant?) throws {
        assert(flight == nil, "one batch at a time is applied")
        let batch = gathering.take(leavingSince: start, atMost: configuration.maximumBatchMessages / 2)
        let positions = machine.positions(batch.nextOffsets)
        assert(positions.count == batch.nextOffsets.count, "a partition is read without a claim")
        flight = Flight(
            writing: try writer().start(batch, moving: positions, in: rotation.table), messages: batch.messageCount,
            arrived: arrived, positions: positions.count, begun: .now)
        arrived = 0
    }

    /// Waits for the batch that is being applied.
    private func finishFlight() throws {
        guard let flight else { return }
        try landed(try writer().outcome(of: flight.writing))
    }

    private func landed(_ outcome: Result<ProjectionStore.AppliedBatch, any Error>) throws {
        guard let flight else { return }
        self.flight = nil
        let applied: ProjectionStore.AppliedBatch
        do {
            applied = try outcome.get()
        } catch  where flight.isAbandoned {
            return
        }
        schedule.applied(arrived: flight.arrived, begun: flight.begun)
        reports.applied(applied, messages: flight.messages, took: .now - flight.begun)
        if rotation.isDue(after: flight.positions) {
            let table = rotation.table
            rotation.done(try writer().perform { try $0.rotate(table) })
        }
    }

    // MARK: Healing

    /// One step of a rebuild, while one is open; what is gathered, when it is due; one chunk of the healing walk, while
    /// it is wanted. Afterwards the session looks for messages without waiting.
    func work() throws -> ConsumerDemand {
        try rebuildWhenDue()
        try startFlightWhenDue()
        try lookWhenDue()
        guard machine.isChunkDue else {
            // The end of a batch wakes the session.
            guard flight == nil else { return ConsumerDemand(isCatchingUp: machine.isHealing) }
            let due = schedule.due(messages: gathering.messageCount, now: .now)
            let step = machine.isStepDue ? nextStep : nil
            return ConsumerDemand(
                nextWork: [due, nextLook, step].compactMap { $0 }.min(), isCatchingUp: machine.isHealing)
        }
        try finishFlight()
        let orders = configuration.healingChunkOrders
        let chunk = try writer().perform { try $0.healChunk(maximumOrders: orders) }
        machine.healed(isLast: chunk.isLast)
        reports.healed(chunk)
        return ConsumerDemand(nextWork: .now, isCatchingUp: machine.isHealing)
    }

    /// Not while a batch is being applied: the step would wait for it. It comes before the batch that is due, so that
    /// batches without a pause between them leave room for it.
    private func rebuildWhenDue() throws {
        guard machine.isStepDue, flight == nil, .now >= nextStep else { return }
        let orders = configuration.rebuildChunkOrders
        let step = try writer().perform { try $0.rebuildStep(maximumOrders: orders) }
        nextStep = .now + step.pause
        machine.rebuilt(isOver: step.isOver)
        reports.rebuilt(step)
    }

    /// Not while a batch is being applied: the look would wait for it.
    private func lookWhenDue() throws {
        guard flight == nil, .now >= nextLook else { return }
        nextLook = .now + configuration.healingLook
        let wanted = try writer().perform { (try $0.isHealingWanted(), try $0.isRebuildWanted()) }
        if machine.mayLook { machine.looked(isHealing: wanted.0, isRebuilding: wanted.1) }
    }

    // MARK: The end

    /// A batch that is being applied is short, and ``cancelWork()`` waits for it.
    var isBusy: Bool { false }

    /// Lets the batch in hand end.
    func cancelWork() {
        do {
            try finishFlight()
        } catch {
            reports.logger.info("the last batch was not applied", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: What a projector does not need

    /// The positions are in Postgres.
    var hasCommits: Bool { false }

    func takeCommits() -> [Int32: Int64] { [:] }
}
