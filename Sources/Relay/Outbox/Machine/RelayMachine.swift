/// The relay's order of work while it leads: cut, read, offer, save, sleep.
///
/// Pure: it is told what happened and what can be seen, and answers what to do; it does no I/O and knows no clock.
/// Wrong calls: an event that does not answer the last action is our bug and traps; failures of the publisher are the
/// peer's fault and come in with the sight; a notification that finds nothing is harmless.
public struct RelayMachine: Sendable {
    enum Phase: Equatable {
        /// Not leading yet.
        case standby
        /// Exactly-once: Kafka is asked how far it is.
        case recovering(Checkpoint)
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
    private let guarantee: DeliveryGuarantee
    private var failures = 0

    public init(sleep: SleepMachine, guarantee: DeliveryGuarantee = .atLeastOnce) {
        self.sleep = sleep
        self.guarantee = guarantee
    }

    /// Whether writers should wake us: the sleep lock is then wanted.
    public var wantsSleepLock: Bool { sleep.wantsLock }

    /// Up to this row the driver offers one row at a time, because one of them was refused.
    public var probeThrough: Int64? {
        if case .draining(let drain) = phase { drain.probeThrough } else { nil }
    }

    /// How many rows the driver puts into one transaction at most; a chunk is the other bound.
    public var rowsPerTransaction: Int {
        if case .transacting(let drain) = phase { drain.rowsPerTransaction } else { .max }
    }

    /// Whether nothing is left to publish, as far as is known.
    public var isIdle: Bool { phase == .idle }

    public mutating func handle(_ event: RelayEvent, seeing sight: RelaySight) -> RelayAction {
        switch (event, phase) {
        case (.led(let checkpoint), .standby):
            guard guarantee == .exactlyOnce else { return begin(checkpoint, sight) }
            phase = .recovering(checkpoint)
            return sight.isStopping ? stop() : .recover
        case (_, .recovering(let checkpoint)):
            return recover(event, checkpoint, sight)
        case (.advanced(let checkpoint, let rows), .advancing):
            if let draining = checkpoint.draining {
                sleep.foundRows(rows, in: draining, holdsLock: sight.holdsSleepLock)
            }
            return begin(checkpoint, sight)
        case (.foundNothing, .advancing):
            if sight.isStopping { return stop() }
            let pause = sleep.foundNothing(holdsLock: sight.holdsSleepLock)
            phase = sight.isReleasing ? .advancing : .idle
            return sight.isReleasing ? goOnReleasing() : pause
        case (.undone(let checkpoint), .advancing):
            phase = .recovering(checkpoint)
            return sight.isStopping ? stop() : .recover
        case (.waited, .idle):
            if sight.isStopping { return stop() }
            if !sight.hadNews { sleep.rested() }
            phase = .advancing
            return .advance
        case (_, .draining(var drain)):
            drain.note(event)
            if drain.hasRested, !sight.hadNews { sleep.rested() }
            return proceed(drain, sight)
        case (_, .transacting(var drain)):
            drain.note(event)
            if drain.hasRested, !sight.hadNews { sleep.rested() }
            return proceed(drain, after: event, sight)
        default:
            preconditionFailure("\(event) while \(phase)")
        }
    }

    /// A checkpoint with an unfinished cut is drained from where it stands: a new cut before that would lose rows.
    ///
    /// - Parameter committed: where Kafka says it is, which may be farther than the checkpoint.
    private mutating func begin(_ checkpoint: Checkpoint, committed: Int64 = 0, _ sight: RelaySight) -> RelayAction {
        guard checkpoint.draining != nil else {
            if sight.isStopping { return stop() }
            phase = .advancing
            return .advance
        }
        let saved = checkpoint.drainedThrough
        guard guarantee == .exactlyOnce else { return proceed(Drain(from: saved), sight) }
        return proceed(TransactionDrain(from: max(committed, saved), saved: saved), after: nil, sight)
    }

    private mutating func recover(_ event: RelayEvent, _ checkpoint: Checkpoint, _ sight: RelaySight) -> RelayAction {
        switch event {
        case .recovered(let through):
            failures = 0
            return begin(checkpoint, committed: through, sight)
        case .notRecovered:
            failures += 1
            return sight.isStopping ? stop() : .abandon(after: Backoff.pause(failures))
        case .abandoned:
            return sight.isStopping ? stop() : .recover
        default:
            preconditionFailure("\(event) while recovering")
        }
    }

    private mutating func proceed(_ drain: Drain, _ sight: RelaySight) -> RelayAction {
        var drain = drain
        if let failure = sight.failure {
            // Rows got through since the last one: that is no reason to wait longer.
            if sight.settledThrough != nil { failures = 0 }
            failures += 1
            drain.restart(settledThrough: sight.settledThrough, after: failure)
            phase = .draining(drain)
            return .abandon(after: pause(failure.kind))
        }
        return step(drain, sight, Phase.draining)
    }

    private mutating func proceed(_ drain: TransactionDrain, after event: RelayEvent?, _ sight: RelaySight)
        -> RelayAction
    {
        var drain = drain
        if let failure = sight.failure {
            failures += 1
            drain.restart(after: failure)
            phase = .transacting(drain)
            // Brokers undo a transaction a moment after they say so. Whoever opens the next producer meanwhile is sent
            // away, and librdkafka comes back only half a second later: in a search for a refused row each time.
            return .abandon(after: max(pause(failure.kind), Backoff.pause(1)))
        }
        if event == .notRecovered, !sight.isStopping {
            failures += 1
            phase = .transacting(drain)
            return .abandon(after: Backoff.pause(failures))
        }
        return step(drain, sight, Phase.transacting)
    }

    /// The next step of a cut, however it is drained. It is left when it is drained, or when everything is settled at
    /// the end.
    private mutating func step<Draining: CutDrain>(
        _ drain: Draining, _ sight: RelaySight, _ draining: (Draining) -> Phase
    ) -> RelayAction {
        var drain = drain
        var action = drain.next(sight)
        if !drain.hasRested, !sight.isStopping, !sight.isReleasing, let rest = rest(action, isOffered: drain.isOffered)
        {
            drain.hasRested = true
            action = rest
        }
        switch action {
        case .advance:
            if sight.isReleasing { _ = goOnReleasing() }
            failures = 0
            phase = .advancing
        case .stop:
            phase = .stopped
        default:
            phase = draining(drain)
        }
        return action
    }

    /// The next cut, and with it the next part of the release. That it follows at once says nothing about the writers.
    private mutating func goOnReleasing() -> RelayAction {
        sleep.rested()
        return .advance
    }

    /// The pause before the next cut, in place of what was to be done. Where it is a matter of time it begins when all
    /// rows are offered, and their reports are taken together afterwards.
    private func rest(_ action: RelayAction, isOffered: Bool) -> RelayAction? {
        switch (action, sleep.restAfterRows) {
        case (.advance, let rest): rest
        case (.wait, .space(let distance)) where isOffered: .space(distance)
        default: nil
        }
    }

    private mutating func stop() -> RelayAction {
        phase = .stopped
        return .stop
    }

    /// A refused row is looked for at once; everything else may be Kafka in trouble.
    private func pause(_ kind: PublishFailure.Kind) -> Duration {
        kind == .row || kind == .topic ? .zero : Backoff.pause(failures)
    }
}
