import Threads

/// The relay's order of work while it leads: release, cut, read, offer, save, sleep.
///
/// Pure: it is told what happened and what the driver sees, and answers what to do next. It does no I/O and knows no
/// clock. Wrong calls: an event that does not answer the last action is a bug of the driver and traps. A failure of the
/// publisher is Kafka's fault and comes in with the input. A notification without rows is harmless.
struct RelayMachine: Sendable {
    enum Phase: Equatable {
        /// Not leading yet.
        case standby
        /// Exactly once: Kafka is asked how far it is.
        case recovering(Checkpoint)
        /// Parked keys are being released, between two cuts.
        case releasing
        /// A cut is being finished and the next one looked for.
        case advancing
        case draining(Drain)
        case transacting(TransactionDrain)
        /// Nothing to publish.
        case idle
        case stopped
    }

    private(set) var phase = Phase.standby
    private var sleep: SleepMachine
    private var release: ReleaseMachine
    /// The last release gave way to a cut, and continues behind it.
    private var hasMoreToRelease = false
    /// A release was undone: a cut comes before the next attempt.
    private var owesCut = false
    private let guarantee: DeliveryGuarantee
    private var backoff = Backoff.reconnecting

    init(sleep: SleepMachine, guarantee: DeliveryGuarantee = .atLeastOnce) {
        self.sleep = sleep
        self.guarantee = guarantee
        release = ReleaseMachine(guarantee)
    }

    /// Whether writers should notify: the sleep lock is then wanted.
    var wantsSleepLock: Bool { sleep.wantsLock }

    /// Whether nothing is left to publish, as far as is known.
    var isIdle: Bool { phase == .idle }

    /// Whether parked keys are being released, so that rows in flight are held ones.
    var isReleasing: Bool { phase == .releasing }

    /// Takes in the answer to the last action, and says what to do next.
    mutating func handle(_ event: RelayEvent, seeing input: RelayInput) -> RelayAction {
        // A release settles first what is acknowledged.
        if input.isStopOverdue, !isReleasing { return stop() }
        switch (event, phase) {
        case (.led(let checkpoint), .standby):
            guard guarantee == .exactlyOnce else { return begin(checkpoint, input) }
            return recover(checkpoint, input)
        case (_, .recovering(let checkpoint)):
            return recovering(event, checkpoint, input)
        case (_, .releasing):
            return releasing(release.handle(event, seeing: input), input)
        case (.advanced(let checkpoint, let rows), .advancing):
            if let draining = checkpoint.draining {
                sleep.foundRows(rows, in: draining, holdsLock: input.holdsSleepLock)
            }
            return begin(checkpoint, input)
        case (.foundNothing, .advancing):
            return rest(input)
        case (.waited, .idle):
            if input.isStopping { return stop() }
            if !input.hadNews { sleep.rested() }
            return takeCut(input)
        case (_, .draining(var drain)):
            drain.note(event)
            if drain.hasRested, !input.hadNews { sleep.rested() }
            return proceed(drain, input)
        case (_, .transacting(var drain)):
            drain.note(event)
            if drain.hasRested, !input.hadNews { sleep.rested() }
            return proceed(drain, after: event, input)
        default:
            preconditionFailure("\(event) while \(phase)")
        }
    }

    private mutating func stop() -> RelayAction {
        phase = .stopped
        return .stop
    }

    // MARK: Between two cuts

    /// A checkpoint with an unfinished cut is drained from where it stands: a new cut before that would lose rows.
    ///
    /// - Parameter committed: how far Kafka is in the cut, which may be farther than the checkpoint.
    private mutating func begin(_ checkpoint: Checkpoint, committed: Int64 = 0, _ input: RelayInput) -> RelayAction {
        guard checkpoint.draining != nil else { return input.isStopping ? stop() : takeCut(input) }
        let saved = checkpoint.drainedThrough
        guard guarantee == .exactlyOnce else { return proceed(Drain(from: saved), input) }
        return proceed(TransactionDrain(from: max(committed, saved), saved: saved), after: nil, input)
    }

    /// No rows were found. A release that gave way continues at once.
    private mutating func rest(_ input: RelayInput) -> RelayAction {
        if input.isStopping { return stop() }
        let pause = sleep.foundNothing(holdsLock: input.holdsSleepLock)
        if hasMoreToRelease { return takeCut(input) }
        phase = .idle
        return pause
    }

    /// Takes the next cut, and releases parked keys before it.
    private mutating func takeCut(_ input: RelayInput) -> RelayAction {
        // That a cut follows at once because of a release says nothing about the writers.
        if hasMoreToRelease { sleep.rested() }
        guard input.hasParkedKeys, !input.isStopping else {
            hasMoreToRelease = false
            return advance()
        }
        if owesCut {
            owesCut = false
            hasMoreToRelease = true
            return advance()
        }
        phase = .releasing
        return release.begin()
    }

    private mutating func advance() -> RelayAction {
        phase = .advancing
        return .advance
    }

    private mutating func releasing(_ step: ReleaseMachine.Step, _ input: RelayInput) -> RelayAction {
        switch step {
        case .action(let action):
            return action
        case .over(.rests):
            hasMoreToRelease = false
            return advance()
        case .over(.gaveWay):
            hasMoreToRelease = true
            return advance()
        case .over(.undone(let checkpoint)):
            hasMoreToRelease = true
            owesCut = true
            return recover(checkpoint, input)
        case .over(.interrupted):
            return stop()
        }
    }

    // MARK: Recovering

    private mutating func recover(_ checkpoint: Checkpoint, _ input: RelayInput) -> RelayAction {
        phase = .recovering(checkpoint)
        return input.isStopping ? stop() : .recover
    }

    private mutating func recovering(
        _ event: RelayEvent, _ checkpoint: Checkpoint, _ input: RelayInput
    ) -> RelayAction {
        switch event {
        case .recovered(let through):
            backoff.succeeded()
            return begin(checkpoint, committed: through, input)
        case .notRecovered:
            let pause = backoff.failed()
            return input.isStopping ? stop() : .abandon(after: pause)
        case .abandoned:
            return input.isStopping ? stop() : .recover
        default:
            preconditionFailure("\(event) while recovering")
        }
    }

    // MARK: Draining

    private mutating func proceed(_ drain: Drain, _ input: RelayInput) -> RelayAction {
        guard let failure = input.failure else { return step(drain, input, Phase.draining) }
        var drain = drain
        // Rows got through since the last failure: that is no reason to wait longer.
        if input.settledThrough != nil { backoff.succeeded() }
        let pause = backoff.failed()
        drain.restart(settledThrough: input.settledThrough, after: failure)
        phase = .draining(drain)
        // A refused row is searched for at once; everything else may be Kafka in trouble.
        return .abandon(after: failure.reason.isPermanent ? .zero : pause)
    }

    private mutating func proceed(
        _ drain: TransactionDrain, after event: RelayEvent?, _ input: RelayInput
    ) -> RelayAction {
        var drain = drain
        if let failure = input.failure {
            let pause = backoff.failed()
            drain.restart(after: failure)
            phase = .transacting(drain)
            // Brokers undo a transaction a moment after they say so. A producer that is opened meanwhile is refused,
            // and librdkafka tries again only half a second later: in a search for a refused row each time.
            return .abandon(after: failure.reason.isPermanent ? backoff.first : pause)
        }
        if event == .notRecovered, !input.isStopping {
            phase = .transacting(drain)
            return .abandon(after: backoff.failed())
        }
        return step(drain, input, Phase.transacting)
    }

    /// The next step of a cut, however it is drained. The phase ends when the cut is drained, or when everything is
    /// settled at the end.
    private mutating func step<Draining: CutDrain>(
        _ drain: Draining, _ input: RelayInput, _ draining: (Draining) -> Phase
    ) -> RelayAction {
        var drain = drain
        var action = drain.next(input)
        if !drain.hasRested, !input.isStopping, !hasMoreToRelease,
            let pause = pause(action, isOffered: drain.isOffered)
        {
            drain.hasRested = true
            action = pause
        }
        switch action {
        case .advance:
            backoff.succeeded()
            return takeCut(input)
        case .stop:
            phase = .stopped
        default:
            phase = draining(drain)
        }
        return action
    }

    /// The pause before the next cut, in place of what was to be done. A pause of a certain length begins when all rows
    /// are offered, and their reports are taken together afterwards.
    private func pause(_ action: RelayAction, isOffered: Bool) -> RelayAction? {
        switch (action, sleep.restAfterRows) {
        case (.advance, let rest): rest
        case (.wait, .space(let distance)) where isOffered: .space(distance)
        default: nil
        }
    }
}

extension Backoff {
    /// The pauses before connecting again, and before a new publisher.
    static var reconnecting: Backoff {
        Backoff(
            first: .milliseconds(OutboxLimits.firstReconnectMilliseconds),
            longest: .milliseconds(OutboxLimits.longestReconnectMilliseconds))
    }
}
