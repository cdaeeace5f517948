import Consumers
import Postgres

/// Applies messages to the projection, under load after gathering them for a while. The positions are written in the
/// transaction of the rows; nothing is committed to the group.
final class ProjectionHandler: MessageHandler {
    private let configuration: ProjectorConfiguration
    private let reports: ConsumerReports<ProjectorHappening>
    private var machine = ProjectorMachine()
    private var rotation = PositionRotation()
    private var openedStore: ProjectionStore?
    /// Messages that are taken over and not applied, and the positions behind them.
    private var gathered = BatchFold()
    private var nextOffsets: [Int32: Int64] = [:]
    private var schedule: GatherSchedule
    /// When to look again whether a walk was asked for: operators ask for one while projectors run.
    private var nextLook = ContinuousClock.now

    init(_ configuration: ProjectorConfiguration, _ reports: ConsumerReports<ProjectorHappening>) {
        self.configuration = configuration
        self.reports = reports
        schedule = GatherSchedule(
            most: configuration.maximumBatchMessages, gathering: configuration.gathering, quiet: configuration.quiet)
    }

    func beginRound() throws { _ = try store() }

    private func store() throws -> ProjectionStore {
        if let openedStore {
            if openedStore.connection.isAlive { return openedStore }
            // The next server may have been promoted without the last positions: the failure has them asked for again.
            self.openedStore = nil
            throw PostgresError(.connection, "the connection was lost while it was idle")
        }
        let connection = try PostgresConnection(configuration.connection)
        let made = ProjectionStore(connection, topic: configuration.topic, member: configuration.member)
        openedStore = made
        return made
    }

    // MARK: Partitions

    func positions(for request: PositionRequest, from source: any MessageSource) throws -> [Int32: Int64] {
        // A new claim would make the claims of the gathered messages stale.
        if gathered.messageCount > 0 { try applyGathered() }
        let store = try store()
        let cluster = try source.clusterID()
        let known = try store.knownPositions(of: request.partitions, clusterID: cluster)
        let unknown = request.partitions.filter { request.lost[$0] != nil || known[$0] == nil }
        // Read before the claim: what is committed to the event store later is published at or behind these.
        let restarts = unknown.isEmpty ? [:] : try source.endOffsets(of: unknown)
        let claim = try store.claim(
            request.partitions, clusterID: cluster, restarts: restarts,
            reason: request.reason ?? "no position in Kafka cluster \(cluster)")
        machine.claimed(claim, isHealing: try store.isHealingWanted())
        reports.claimed(claim, restarts: restarts, reason: request.reason)
        return claim.positions
    }

    /// Gathered messages are read again by the partitions' next owner.
    func revoked() {
        dropGathered()
        machine.doubted()
    }

    func failed(_ error: any Error) -> PositionsAfterFailure {
        if let error = error as? ProjectionError, error.code == .stale { reports.happened(.stale) }
        if let openedStore, !openedStore.connection.isUsable { self.openedStore = nil }
        dropGathered()
        machine.doubted()
        return .doubtful
    }

    private func dropGathered() {
        gathered = BatchFold()
        nextOffsets = [:]
    }

    // MARK: Messages

    func handle(_ batch: MessageBatch) throws {
        for message in batch.messages { gathered.add(message) }
        nextOffsets.merge(batch.nextOffsets) { before, next in
            assert(before < next, "a position moves back from \(before) to \(next)")
            return next
        }
        let now = ContinuousClock.now
        schedule.arrived(at: now, isFull: batch.messages.count >= ProjectionLimits.messagesPerPoll)
        if schedule.isDue(messages: gathered.messageCount, now: now) { try applyGathered() }
    }

    private func applyGathered() throws {
        let store = try store()
        let start = ContinuousClock.now
        let positions = machine.positions(nextOffsets)
        assert(positions.count == nextOffsets.count, "a partition is read without a claim")
        let applied = try apply(gathered, moving: positions, in: store)
        let messages = gathered.messageCount
        dropGathered()
        schedule.applied(messages: messages, begun: start)
        reports.applied(applied, messages: messages, took: .now - start)
        if rotation.isDue(after: positions.count) {
            rotation.done(try store.rotate(rotation.table))
        }
    }

    private func apply(
        _ batch: BatchFold, moving positions: [Position], in store: ProjectionStore
    ) throws -> ProjectionStore.AppliedBatch {
        do {
            return try store.apply(batch, moving: positions, in: rotation.table)
        } catch let error as PostgresError where error.isAboutData {
            // A value passed the checks of this module and Postgres refuses it. The other orders must not wait for it.
            return try store.apply(batch, moving: positions, in: rotation.table, carefully: true)
        }
    }

    // MARK: Healing

    /// What is gathered, when it is due. One chunk of the healing walk, while it is wanted; afterwards the session
    /// looks for messages without waiting.
    func work() throws -> ConsumerDemand {
        if schedule.isDue(messages: gathered.messageCount, now: .now) { try applyGathered() }
        if machine.mayLook, .now >= nextLook { try look() }
        guard machine.isChunkDue else {
            let due = schedule.due(messages: gathered.messageCount, now: .now)
            let look = machine.mayLook ? nextLook : nil
            return ConsumerDemand(
                nextWork: [due, look].compactMap { $0 }.min(), isCatchingUp: machine.isHealing)
        }
        let chunk = try store().healChunk(maximumOrders: configuration.healingChunkOrders)
        machine.healed(isLast: chunk.isLast)
        reports.healed(chunk)
        return ConsumerDemand(nextWork: .now, isCatchingUp: machine.isHealing)
    }

    private func look() throws {
        nextLook = .now + configuration.healingLook
        machine.looked(isHealing: try store().isHealingWanted())
    }

    // MARK: What a projector does not need

    /// The positions are in Postgres.
    var hasCommits: Bool { false }

    func takeCommits() -> [Int32: Int64] { [:] }

    /// All work is done within the session's calls.
    var isBusy: Bool { false }

    func cancelWork() {}
}
