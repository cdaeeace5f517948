import Threads

/// The loop of a consumer's thread: opens the source, asks the handler for positions and work, waits for events.
final class ConsumerSession<Happening: Sendable> {
    private let handler: any MessageHandler
    private let reports: ConsumerReports<Happening>
    private let wake: WakeDescriptor
    private let makeSource: MakeMessageSource
    private let commitInterval: Duration
    private let idleLook: Duration
    private var source: (any MessageSource)?
    private var assignment = AssignmentMachine()
    private var nextCommit = ContinuousClock.now
    private var backoff = Backoff(first: ConsumerLimits.firstRetry, longest: ConsumerLimits.longestRetry)

    init(
        _ handler: any MessageHandler, _ reports: ConsumerReports<Happening>, _ wake: WakeDescriptor,
        commitInterval: Duration = ConsumerLimits.commitInterval, idleLook: Duration = ConsumerLimits.idleLook,
        makeSource: @escaping MakeMessageSource
    ) {
        self.commitInterval = commitInterval
        self.idleLook = idleLook
        self.handler = handler
        self.reports = reports
        self.wake = wake
        self.makeSource = makeSource
        reports.waiting("starting")
    }

    /// One round, up to one event of the source. A step that fails is tried again in the next round.
    func runRound() {
        do {
            let source = try openSource()
            try handler.beginRound()
            if let request = assignment.positionRequest { try start(request, source) }
            let demand = try handler.work()
            if demand.wantsMessages { try source.resume() } else { try source.pause() }
            if nextCommit <= .now { try commit(source, waiting: false) }
            reportStatus(demand)
            if try takeEvent(source, until: deadline(demand)) { backoff.succeeded() }
        } catch {
            note(error)
            rest(until: .now + backoff.failed())
        }
    }

    private func openSource() throws -> any MessageSource {
        if let source { return source }
        let made = try makeSource(wake)
        source = made
        return made
    }

    private func start(_ request: PositionRequest, _ source: any MessageSource) throws {
        let positions = try handler.positions(for: request, from: source)
        assert(positions.keys.sorted() == request.partitions, "not one position for each partition asked for")
        try source.start(positions)
        assignment.started(positions)
    }

    private func commit(_ source: any MessageSource, waiting: Bool) throws {
        guard handler.hasCommits else { return }
        let offsets = handler.takeCommits()
        assert(assignment.hasRead(offsets), "offsets are committed that were not read: \(offsets)")
        try source.commit(offsets, waiting: waiting)
        nextCommit = .now + commitInterval
    }

    private func reportStatus(_ demand: ConsumerDemand) {
        if let trouble = assignment.trouble {
            reports.waiting("Kafka: \(trouble)")
        } else if assignment.isMember {
            reports.consuming(partitions: assignment.partitionCount, isCatchingUp: demand.isCatchingUp)
        } else {
            reports.waiting("joining the consumer group")
        }
    }

    /// When there is something to do even if no event comes.
    private func deadline(_ demand: ConsumerDemand) -> ContinuousClock.Instant {
        let look = ContinuousClock.now + idleLook
        return min(look, handler.hasCommits ? nextCommit : look, demand.nextWork ?? look)
    }
}

// MARK: - Events of the source

extension ConsumerSession {
    /// Waits for one event and does what it asks for.
    ///
    /// - Returns: whether the event shows that the consumer works: messages were handled, or none were there.
    private func takeEvent(_ source: any MessageSource, until deadline: ContinuousClock.Instant) throws -> Bool {
        switch try source.next(until: deadline) {
        case .idle: return true
        case .messages(let messages):
            guard let batch = assignment.accept(messages) else { return false }
            try handler.handle(batch)
            assignment.handled(batch)
            return true
        case .assigned(let partitions):
            // An assignment names everything: partitions of the one before are not this member's any more.
            handler.revoked()
            assignment.assigned(partitions)
        case .revoked(let isLost):
            // Messages beyond the last commit are read again by their next owner, which is harmless.
            if !isLost { try? commit(source, waiting: true) }
            forgetAssignment()
        case .offsetLost(let partition, let detail): assignment.offsetLost(partition, detail: detail)
        case .unavailable(let why): assignment.unavailable(why)
        case .available: assignment.available()
        }
        return false
    }

    private func forgetAssignment() {
        handler.revoked()
        assignment.revoked()
    }
}

// MARK: - Failures and the end

extension ConsumerSession {
    private func note(_ error: any Error) {
        reports.failed(error)
        if handler.failed(error) == .doubtful { assignment.doubted() }
        guard let error = error as? MessageSourceError, error.isFinal else { return }
        source?.close()
        source = nil
        forgetAssignment()
    }

    /// Waits after a failure, and serves the group meanwhile. Reading is paused, so that messages do not pile up.
    private func rest(until deadline: ContinuousClock.Instant) {
        guard let source else {
            wake.wait(until: deadline)
            return
        }
        do {
            try source.pause()
            _ = try takeEvent(source, until: deadline)
        } catch {
            note(error)
            wake.wait(until: deadline)
        }
    }

    /// Lets the work in hand end, commits, leaves the group.
    func drain(within limit: Duration) {
        let deadline = ContinuousClock.now + limit
        while handler.isBusy, .now < deadline {
            wake.wait(until: deadline)
            do {
                try handler.beginRound()
            } catch {
                reports.failed(error)
                break
            }
        }
        handler.cancelWork()
        if let source {
            try? commit(source, waiting: true)
            source.close()
        }
        source = nil
    }
}
