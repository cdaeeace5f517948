import Logging
import Postgres
import Threads

/// Publishes what operators release, and tries again what was parked because of its topic, between two cuts: nothing
/// else is in flight then, and the key's later rows are still held, so the key keeps its order.
///
/// The rows of a chunk go together. After some time it gives way to the next cut, so that a key with many held rows
/// holds up no other; what a crash leaves of a key is released by the next leader.
final class Releaser {
    enum Outcome: Equatable {
        /// There is nothing to do until the next cut that is taken for other reasons.
        case rests
        /// There is more to release, after a cut.
        case gaveWay
        /// A refused row undid its transaction: the publisher was dropped, and Kafka's record has to be read back.
        case undone
    }

    /// What became of one key's turn.
    private enum Turn {
        case goesOn
        /// The key is released, or parked anew.
        case ended
        /// Kafka is in trouble, or the relay is to stop.
        case interrupted(hasProgressed: Bool)
        case undone
    }

    private let held: HeldRows
    /// What a former leader forgot, the new one would take for published, or flow past.
    private let store: CheckpointStore
    private let outlet: Outlet
    /// nil where rows are delivered at least once.
    private let exactlyOnce: ExactlyOnce?
    private let signals: RelaySignals
    private let epoch: Int64
    private let logger: Logger
    private var turns: ReleaseTurns
    /// A transaction was undone: others come before the next try.
    private var owesCut = false

    init(
        held: HeldRows, store: CheckpointStore, outlet: Outlet, exactlyOnce: ExactlyOnce?, signals: RelaySignals,
        epoch: Int64,
        logger: Logger
    ) {
        self.held = held
        self.store = store
        self.outlet = outlet
        self.exactlyOnce = exactlyOnce
        self.signals = signals
        self.epoch = epoch
        self.logger = logger
        turns = ReleaseTurns(exactlyOnce == nil ? .atLeastOnce : .exactlyOnce)
    }

    /// Releases for a while, the keys by turns.
    ///
    /// - Parameter mayWait: asked before every wait for Kafka; false if there is no time left to stop in, and it throws
    ///   if another leads.
    func releaseAsked(waiting mayWait: () throws -> Bool) throws -> Outcome {
        guard !outlet.parking.isEmpty, !signals.isStopping else { return .rests }
        if owesCut {
            owesCut = false
            return .gaveWay
        }
        let began = ContinuousClock.now
        let asked = try held.askedFor()
        let retries = Set(asked.filter(\.isRetry).map(\.key))
        turns.ask(asked.map(\.key))
        while let key = turns.next() {
            switch try release(key, isRetry: retries.contains(key), mayWait) {
            case .goesOn: break
            case .ended: turns.ended(key)
            case .interrupted(let hasProgressed): return hasProgressed && !signals.isStopping ? .gaveWay : .rests
            case .undone:
                owesCut = true
                return .undone
            }
            if .now - began >= Self.limit { break }
        }
        // As many as are asked for at once may not be all.
        return turns.isEmpty && asked.count < OutboxLimits.keysPerRelease ? .rests : .gaveWay
    }

    private static let limit = Duration.milliseconds(OutboxLimits.releaseMilliseconds)

    // MARK: One key's turn

    private func release(_ key: OutboxKey, isRetry: Bool, _ mayWait: () throws -> Bool) throws -> Turn {
        let (after, rows) = turns.chunk(of: key)
        let chunk: HeldChunk
        do {
            chunk = try held.next(of: key, after: after, atMost: rows)
        } catch let error as PostgresError where SingleRows.isToBlame(error) {
            return try unreadable(key, rows: rows, error)
        }
        if chunk.count > 0 {
            let flight = try outlet.publishHeld(
                chunk.count, { try chunk.row($0, epoch: epoch) }, while: { !signals.isStopping }, waiting: mayWait)
            if let turn = try failed(flight, chunk, key) { return turn }
            try settle(flight.settled, of: chunk, key, mayWait)
            if let refusal = flight.refusedAtOnce { return try refuse(key, refusal) }
            if flight.settled < chunk.count { return .interrupted(hasProgressed: true) }
        }
        guard chunk.isLast else { return .goesOn }
        return try finish(key, isRetry: isRetry)
    }

    /// Commits and forgets the first rows of a chunk.
    private func settle(_ count: Int, of chunk: HeldChunk, _ key: OutboxKey, _ mayWait: () throws -> Bool) throws {
        guard count > 0 else { return }
        let last = try chunk.holdID(count - 1)
        try exactlyOnce?.commitRelease(through: last, while: mayWait)
        try store.whileLeading { try held.forget(key, through: last) }
        outlet.parking.heldRowsLeft(count)
        turns.published(key, through: last)
    }

    private func finish(_ key: OutboxKey, isRetry: Bool) throws -> Turn {
        let isForgotten = try store.whileLeading {
            let isForgotten = try held.forget(key)
            if isForgotten && isRetry { try held.recordRetry(key) }
            return isForgotten
        }
        // Rows that it has all the same are read from the beginning.
        guard isForgotten else { return .ended }
        outlet.parking.unpark(key)
        logger.notice("key released", metadata: ["key": "\(key)"])
        return .ended
    }

    /// One of so many rows cannot be read: one by one it is found.
    private func unreadable(_ key: OutboxKey, rows: Int, _ error: PostgresError) throws -> Turn {
        guard rows == 1 else {
            turns.goOneByOne(key)
            return .goesOn
        }
        return try refuse(key, SingleRows.reason(error))
    }

    private func refuse(_ key: OutboxKey, _ refusal: PublishFailure) throws -> Turn {
        try store.whileLeading {
            try held.refuse(key, refusal.explanation, retryAfter: outlet.parking.retryAfter(refusal))
        }
        return .ended
    }

    // MARK: What Kafka refuses

    /// nil if nothing failed.
    private func failed(_ flight: HeldFlight, _ chunk: HeldChunk, _ key: OutboxKey) throws -> Turn? {
        let isInterrupted = flight.settled < flight.offered
        guard flight.failure != nil || isInterrupted else { return nil }
        if exactlyOnce != nil { return try undone(flight, chunk, key) }
        // What is acknowledged is not repeated.
        try settle(flight.settled, of: chunk, key, { true })
        guard let failure = flight.failure else { return .interrupted(hasProgressed: false) }
        outlet.abandon()
        guard failure.isPermanent else { return .interrupted(hasProgressed: flight.settled > 0) }
        return try search(flight, failure, chunk, key, rows: flight.offered - flight.settled)
    }

    /// A transaction with rows of the key must not go on with others. Where Kafka is in trouble the session ends with
    /// it, and the next one finds out what is committed.
    private func undone(_ flight: HeldFlight, _ chunk: HeldChunk, _ key: OutboxKey) throws -> Turn {
        guard let failure = flight.failure, failure.isPermanent else {
            if let failure = flight.failure, failure.kind == .fenced { throw ExactlyOnce.fenced(failure) }
            throw OutboxError(.publisher, "releasing a key: \(flight.failure?.explanation ?? "it was interrupted")")
        }
        outlet.abandon()
        _ = try search(flight, failure, chunk, key, rows: flight.published)
        return .undone
    }

    private func search(
        _ flight: HeldFlight, _ failure: PublishFailure, _ chunk: HeldChunk, _ key: OutboxKey, rows: Int
    ) throws -> Turn {
        let isFound = turns.refused(key, rows: rows, through: try chunk.holdID(flight.offered - 1))
        guard isFound else { return .goesOn }
        turns.ended(key)
        return try refuse(key, failure)
    }
}
