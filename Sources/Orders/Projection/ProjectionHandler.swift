import Consumers
import Postgres

/// Applies messages to the projection. The positions are written in the transaction of the rows; nothing is committed
/// to the group.
final class ProjectionHandler: MessageHandler {
    private let configuration: ProjectorConfiguration
    private let reports: ConsumerReports<ProjectorHappening>
    private var machine = ProjectorMachine()
    private var rotation = PositionRotation()
    private var openedStore: ProjectionStore?

    init(_ configuration: ProjectorConfiguration, _ reports: ConsumerReports<ProjectorHappening>) {
        self.configuration = configuration
        self.reports = reports
    }

    func beginRound() throws { _ = try store() }

    private func store() throws -> ProjectionStore {
        if let openedStore, openedStore.connection.isAlive { return openedStore }
        let connection = try PostgresConnection(configuration.postgres)
        let made = ProjectionStore(connection, topic: configuration.topic, member: configuration.member)
        openedStore = made
        return made
    }

    // MARK: Partitions

    func positions(for request: PositionRequest, from source: any MessageSource) throws -> [Int32: Int64] {
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

    func revoked() { machine.doubted() }

    func failed(_ error: any Error) -> PositionsAfterFailure {
        if let error = error as? ProjectionError, error.code == .stale { reports.happened(.stale) }
        if let openedStore, !openedStore.connection.isUsable { self.openedStore = nil }
        machine.doubted()
        return .doubtful
    }

    // MARK: Messages

    func handle(_ batch: MessageBatch) throws {
        let store = try store()
        let start = ContinuousClock.now
        let positions = machine.positions(after: batch)
        assert(positions.count == batch.nextOffsets.count, "a partition is read without a claim")
        let applied = try apply(batch.messages, moving: positions, in: store)
        reports.applied(applied, messages: batch.messages.count, took: .now - start)
        if rotation.isDue(after: positions.count) {
            rotation.done(try store.rotate(rotation.table))
        }
    }

    private func apply(
        _ messages: [ConsumedMessage], moving positions: [Position], in store: ProjectionStore
    ) throws -> ProjectionStore.AppliedBatch {
        do {
            return try store.apply(messages, moving: positions, in: rotation.table)
        } catch let error as PostgresError where error.isAboutData {
            // A value passed the checks of this module and Postgres refuses it. The other orders must not wait for it.
            return try store.apply(messages, moving: positions, in: rotation.table, carefully: true)
        }
    }

    // MARK: Healing

    /// One chunk of the healing walk, while it is wanted; afterwards the session looks for messages without waiting.
    func work() throws -> ConsumerDemand {
        guard machine.isChunkDue else { return ConsumerDemand(isCatchingUp: machine.isHealing) }
        let chunk = try store().healChunk(maximumOrders: configuration.healingChunkOrders)
        machine.healed(isLast: chunk.isLast)
        reports.healed(chunk)
        return ConsumerDemand(nextWork: .now, isCatchingUp: machine.isHealing)
    }

    // MARK: What a projector does not need

    /// The positions are in Postgres.
    var hasCommits: Bool { false }

    func takeCommits() -> [Int32: Int64] { [:] }

    /// All work is done within the session's calls.
    var isBusy: Bool { false }

    func cancelWork() {}
}
