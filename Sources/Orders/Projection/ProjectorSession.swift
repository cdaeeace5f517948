import Logging
import Postgres
import Threads

/// The projector's thread: does what the machine says and tells it what came of it.
final class ProjectorSession {
    private let configuration: ProjectorConfiguration
    private let wake: WakeDescriptor
    private let makeSource: Projector.MakeSource
    private let reports: ProjectorReports
    private var machine = ProjectorMachine()
    private var source: (any MessageSource)?
    private var store: ProjectionStore?
    private var retry = RetryPause()
    private var rotation = PositionRotation()
    /// What keeps Kafka from delivering.
    private var kafkaTrouble: String?

    init(
        _ configuration: ProjectorConfiguration, _ wake: WakeDescriptor, observer: any ProjectorObserver,
        logger: Logger,
        makeSource: @escaping Projector.MakeSource
    ) {
        self.configuration = configuration
        self.wake = wake
        self.makeSource = makeSource
        self.reports = ProjectorReports(observer: observer, logger: logger)
        reports.waiting("starting")
    }

    /// One step: as much as can be done without asking whether to stop.
    func step() {
        do {
            let source = try openSource()
            let store = try openStore()
            try act(source, store)
        } catch {
            failed(error)
        }
    }

    func close() {
        source?.close()
        source = nil
        store = nil
    }

    private func openSource() throws -> any MessageSource {
        if let source { return source }
        let made = try makeSource(wake)
        source = made
        return made
    }

    private func openStore() throws -> ProjectionStore {
        if let store, store.connection.isUsable { return store }
        let connection = try PostgresConnection(configuration.postgres)
        let made = ProjectionStore(connection, topic: configuration.topic, member: configuration.member)
        store = made
        return made
    }

    private func act(_ source: any MessageSource, _ store: ProjectionStore) throws {
        switch machine.nextAction {
        case .claim(let partitions, let restarting, let reason):
            try claim(partitions, restarting: restarting, reason, source, store)
        case .heal:
            try heal(store)
            try listen(until: .now, source, store)
        case .listen:
            try listen(until: nil, source, store)
        }
    }
}

// MARK: - What the machine asks for

extension ProjectorSession {
    private func claim(
        _ partitions: [Int32], restarting: [Int32], _ reason: String?, _ source: any MessageSource,
        _ store: ProjectionStore
    ) throws {
        let cluster = try source.clusterID()
        let known = try store.knownPositions(of: partitions, clusterID: cluster)
        let unknown = partitions.filter { restarting.contains($0) || known[$0] == nil }
        let restarts = unknown.isEmpty ? [:] : try source.endOffsets(of: unknown)
        let claim = try store.claim(
            partitions, clusterID: cluster, restarts: restarts,
            reason: reason ?? "no position in Kafka cluster \(cluster)")
        let healing = try store.isHealingWanted()
        try source.start(claim.positions)
        machine.claimed(claim, healing: healing)
        reports.claimed(claim, restarts: restarts, reason: reason)
    }

    private func heal(_ store: ProjectionStore) throws {
        let chunk = try store.healChunk(maximumOrders: configuration.healingChunkOrders)
        machine.healed(isLast: chunk.isLast)
        retry.reset()
        reports.healed(chunk)
    }

    private func listen(
        until deadline: ContinuousClock.Instant?, _ source: any MessageSource, _ store: ProjectionStore
    ) throws {
        reportHealth()
        switch try source.next(until: deadline) {
        case .messages(let messages): try apply(messages, store)
        case let event: note(event)
        }
    }

    private func reportHealth() {
        if let kafkaTrouble {
            reports.waiting("Kafka: \(kafkaTrouble)")
        } else if machine.isMember {
            reports.working(machine)
        } else {
            reports.waiting("joining the consumer group")
        }
    }

    private func apply(_ messages: [ConsumedMessage], _ store: ProjectionStore) throws {
        guard let batch = machine.accept(messages) else { return }
        let start = ContinuousClock.now
        let applied = try apply(batch, store)
        machine.applied(batch)
        retry.reset()
        reports.applied(applied, messages: batch.messages.count, took: .now - start)
        if rotation.isDue(after: batch.positions.count) {
            rotation.done(try store.rotate(rotation.table))
        }
    }

    private func apply(_ batch: ProjectorMachine.Batch, _ store: ProjectionStore) throws -> AppliedBatch {
        do {
            return try store.apply(batch.messages, moving: batch.positions, in: rotation.table)
        } catch let error as PostgresError where error.isAboutData {
            // Our checks let a value through that Postgres refuses: it must not stop its neighbours.
            return try store.apply(batch.messages, moving: batch.positions, in: rotation.table, carefully: true)
        }
    }

    /// Everything a source says besides messages.
    private func note(_ event: SourceEvent) {
        switch event {
        case .idle: retry.reset()
        case .messages: break
        case .assigned(let partitions):
            machine.assigned(partitions)
            kafkaTrouble = nil
        case .revoked: machine.revoked()
        case .offsetLost(let partition, let detail):
            machine.offsetLost(partition, reason: "partition \(partition): \(detail)")
        case .unavailable(let why): kafkaTrouble = why
        case .available: kafkaTrouble = nil
        }
    }
}

// MARK: - Failures

extension ProjectorSession {
    private func failed(_ error: any Error) {
        reports.failed(error)
        if let error = error as? MessageSourceError, error.isFinal { dropSource() }
        if let store, !store.connection.isUsable { self.store = nil }
        machine.doubted()
        pause(for: retry.next())
    }

    private func dropSource() {
        source?.close()
        source = nil
        machine.revoked()
    }

    /// Waits, but goes on serving the group; messages that come meanwhile are read again after the next claim.
    private func pause(for duration: Duration) {
        let deadline = ContinuousClock.now + duration
        do {
            guard let source else {
                wake.wait(until: deadline)
                return
            }
            try source.pause()
            switch try source.next(until: deadline) {
            case .messages, .idle: break
            case let event: note(event)
            }
        } catch {
            reports.failed(error)
            dropSource()
        }
    }
}
