/// The release of parked keys between two cuts: what operators asked for, and the next attempt of keys that were parked
/// because of their topic.
///
/// Nothing else is in flight meanwhile and the key's later rows are still held, so the key keeps its order. Rows of one
/// key go together, a chunk at a time: read, offered, settled, deleted. After a while the release gives way to the next
/// cut and continues behind it, so that a key with many held rows keeps no other waiting. What a crash leaves of a key
/// is released by the next leader.
///
/// Pure, as ``RelayMachine`` is, of which this is one phase.
struct ReleaseMachine: Sendable {
    /// The next action, or the end of the release phase.
    enum Step: Equatable {
        case action(RelayAction)
        case over(Outcome)
    }

    /// How a release phase ends.
    enum Outcome: Equatable {
        /// Nothing is left to do before the next cut that is taken for other reasons.
        case rests
        /// There is more to release after a cut.
        case gaveWay
        /// A refused row undid its transaction and the publisher was dropped: Kafka's record has to be read. The
        /// checkpoint is where it was. Exactly-once only.
        case undone(Checkpoint)
        /// The time to stop in is over, and a transaction is open. Exactly-once only.
        case interrupted
    }

    private enum State {
        /// No release phase is under way.
        case resting
        case asking
        case fetching(Round, OutboxKey, rows: Int)
        case publishing(Round, Flight)
        case committing(Round, Flight)
        case forgetting(Round, Flight)
        /// A row of the flight was refused, or Kafka is in trouble.
        case abandoning(Round, Flight)
        /// `isUndone`: the row's transaction was undone.
        case refusing(Round, OutboxKey, isUndone: Bool)
        case finishing(Round, OutboxKey)
    }

    /// The facts that hold for a whole release phase.
    private struct Round {
        let checkpoint: Checkpoint
        let retries: Set<OutboxKey>
        /// As many keys were found as are asked for at a time.
        let mayHaveMore: Bool
    }

    /// Held rows of one key that go together.
    private struct Flight {
        let key: OutboxKey
        let holdIDs: [Int64]
        /// The key has no held rows after these.
        let isLast: Bool
        /// Rows offered, from the first on; rows that are dropped count as well.
        var offered = 0
        /// How many of the rows offered went to the publisher.
        var published = 0
        /// Rows acknowledged or dropped, from the first on, at the moment when the flight ended.
        var settled = 0
        /// The row at `offered` was refused at once: no other row can be the reason.
        var refusal: PublishFailure?
        /// A row was refused by its report, and it is not known which one; or the publisher is in trouble.
        var failure: PublishFailure?

        var isOffered: Bool { offered == holdIDs.count || refusal != nil }
    }

    private let guarantee: DeliveryGuarantee
    private var turns: ReleaseTurns
    private var state = State.resting

    init(_ guarantee: DeliveryGuarantee) {
        self.guarantee = guarantee
        turns = ReleaseTurns(guarantee)
    }

    /// Begins a release phase. Any cut must be drained.
    mutating func begin() -> RelayAction {
        state = .asking
        return .release(.ask)
    }

    /// Takes in the answer to the last action.
    mutating func handle(_ event: RelayEvent, seeing input: RelayInput) -> Step {
        switch (event, state) {
        case (.release(.asked(let requests, let checkpoint)), .asking):
            turns.ask(requests.map(\.key))
            let round = Round(
                checkpoint: checkpoint, retries: Set(requests.filter(\.isRetry).map(\.key)),
                mayHaveMore: requests.count >= OutboxLimits.keysPerRelease)
            // The first key has its turn however long asking took.
            return turn(round, input)
        case (.release(.fetched(let holdIDs, let isLast)), .fetching(let round, let key, _)):
            guard !holdIDs.isEmpty else { return finish(key, round) }
            return publish(Flight(key: key, holdIDs: holdIDs, isLast: isLast), round, hasRoom: true, input)
        case (.release(.unreadable(let reason)), .fetching(let round, let key, let rows)):
            if rows == 1 { return refuse(key, reason, round) }
            turns.goOneByOne(key)
            return nextTurn(round, input)
        case (.release(.offered(let through, let published, let refusal)), .publishing(let round, var flight)):
            assert(through >= flight.offered && through <= flight.holdIDs.count, "rows were offered out of order")
            flight.offered = through
            flight.published += published
            flight.refusal = refusal
            return publish(flight, round, hasRoom: false, input)
        case (.waited, .publishing(let round, let flight)):
            return publish(flight, round, hasRoom: true, input)
        case (_, .committing(let round, let flight)):
            return commit(flight, round, after: event, input)
        case (.release(.forgotten), .forgetting(let round, let flight)):
            turns.published(flight.key, through: flight.holdIDs[flight.settled - 1])
            return settled(flight, round, input)
        case (.abandoned, .abandoning(let round, let flight)):
            return search(flight, round, input)
        case (.release(.refused), .refusing(let round, let key, let isUndone)):
            turns.ended(key)
            return isUndone ? over(.undone(round.checkpoint)) : nextTurn(round, input)
        case (.release(.finished), .finishing(let round, let key)):
            // If the key has more rows, they are read from the beginning.
            turns.ended(key)
            return nextTurn(round, input)
        default:
            preconditionFailure("\(event) in release state \(state)")
        }
    }

    // MARK: Turns

    private mutating func nextTurn(_ round: Round, _ input: RelayInput) -> Step {
        input.isReleaseTimeOver ? end(round, input) : turn(round, input)
    }

    private mutating func turn(_ round: Round, _ input: RelayInput) -> Step {
        guard !input.isStopping, let key = turns.next() else { return end(round, input) }
        let (after, rows) = turns.chunk(of: key)
        state = .fetching(round, key, rows: rows)
        return .action(.release(.fetch(key, after: after, rows: rows)))
    }

    private mutating func end(_ round: Round, _ input: RelayInput) -> Step {
        let hasMore = !turns.isEmpty || round.mayHaveMore
        return over(hasMore && !input.isStopping ? .gaveWay : .rests)
    }

    private mutating func over(_ outcome: Outcome) -> Step {
        state = .resting
        return .over(outcome)
    }

    private mutating func refuse(
        _ key: OutboxKey, _ reason: PublishFailure, _ round: Round, isUndone: Bool = false
    ) -> Step {
        state = .refusing(round, key, isUndone: isUndone)
        return .action(.release(.refuse(key, reason)))
    }

    private mutating func finish(_ key: OutboxKey, _ round: Round) -> Step {
        state = .finishing(round, key)
        return .action(.release(.finish(key, isRetry: round.retries.contains(key))))
    }

    // MARK: One flight

    /// Offers rows until all are offered, one is refused at once or the relay is to stop; then waits for the reports.
    ///
    /// - Parameter hasRoom: the publisher was not found full since the last wait.
    private mutating func publish(
        _ flight: Flight, _ round: Round, hasRoom: Bool, _ input: RelayInput
    ) -> Step {
        var flight = flight
        if let failure = input.failure { return failed(&flight, failure.reason, round, input) }
        let mayOffer = !flight.isOffered && !input.isStopping
        if !mayOffer, input.span == 0 {
            flight.settled = flight.offered
            return settle(flight, round, input)
        }
        if input.isStopOverdue { return interrupt(&flight, round, input) }
        state = .publishing(round, flight)
        return .action(mayOffer && hasRoom ? .release(.offer(from: flight.offered)) : .wait(Drain.reportWait))
    }

    /// The time to stop in is over with rows in flight. At least once, the rows that are acknowledged are not repeated.
    private mutating func interrupt(_ flight: inout Flight, _ round: Round, _ input: RelayInput) -> Step {
        if guarantee == .exactlyOnce { return over(.interrupted) }
        flight.settled = flight.offered - input.span
        flight.refusal = nil
        return settle(flight, round, input)
    }

    /// Commits the settled rows, if rows go in transactions, and deletes them.
    private mutating func settle(_ flight: Flight, _ round: Round, _ input: RelayInput) -> Step {
        assert(flight.settled >= 0 && flight.settled <= flight.offered, "rows are settled that were not offered")
        guard flight.settled > 0 else { return settled(flight, round, input) }
        guard guarantee == .exactlyOnce else { return forget(flight, round) }
        state = .committing(round, flight)
        return .action(.release(.commit(through: flight.holdIDs[flight.settled - 1])))
    }

    private mutating func forget(_ flight: Flight, _ round: Round) -> Step {
        state = .forgetting(round, flight)
        let last = flight.holdIDs[flight.settled - 1]
        return .action(.release(.forget(flight.key, through: last, rows: flight.settled)))
    }

    /// Where Kafka is in trouble the session ends, and the next one reads what is committed.
    private mutating func commit(
        _ flight: Flight, _ round: Round, after event: RelayEvent, _ input: RelayInput
    ) -> Step {
        if event == .committed { return forget(flight, round) }
        if let failure = input.failure { return .action(.release(.giveUp(failure.reason))) }
        if input.isStopOverdue { return over(.interrupted) }
        switch event {
        case .awaitingRecord: return .action(.wait(Drain.reportWait))
        case .notCommitted, .waited: return settle(flight, round, input)
        default: preconditionFailure("\(event) while committing a release")
        }
    }

    /// The settled rows are deleted.
    private mutating func settled(_ flight: Flight, _ round: Round, _ input: RelayInput) -> Step {
        if flight.failure != nil {
            state = .abandoning(round, flight)
            return .action(.abandon(after: .zero))
        }
        if let refusal = flight.refusal { return refuse(flight.key, refusal, round) }
        // Asked to stop.
        if flight.settled < flight.holdIDs.count { return end(round, input) }
        return flight.isLast ? finish(flight.key, round) : nextTurn(round, input)
    }

    // MARK: What Kafka refuses

    /// At least once, the rows that were acknowledged before are settled first. A transaction with rows of the key must
    /// not go on with others: it is undone, or, where Kafka is in trouble, the session ends.
    private mutating func failed(
        _ flight: inout Flight, _ failure: PublishFailure, _ round: Round, _ input: RelayInput
    ) -> Step {
        flight.failure = failure
        if guarantee == .exactlyOnce {
            guard failure.isPermanent else { return .action(.release(.giveUp(failure))) }
        } else {
            flight.settled = flight.offered - input.span
        }
        return guarantee == .exactlyOnce ? settled(flight, round, input) : settle(flight, round, input)
    }

    /// The publisher is dropped: finds out which row was refused, or tries fewer rows together the next time.
    private mutating func search(_ flight: Flight, _ round: Round, _ input: RelayInput) -> Step {
        guard let failure = flight.failure, failure.isPermanent, flight.offered > 0 else {
            return over(flight.settled > 0 && !input.isStopping ? .gaveWay : .rests)
        }
        let isUndone = guarantee == .exactlyOnce
        let rows = isUndone ? flight.published : flight.offered - flight.settled
        if turns.refused(flight.key, rows: rows, through: flight.holdIDs[flight.offered - 1]) {
            return refuse(flight.key, failure, round, isUndone: isUndone)
        }
        return isUndone ? over(.undone(round.checkpoint)) : nextTurn(round, input)
    }
}
