import Logging
import Postgres
import Sabotage
import Threads
import Values

/// Decides and appends the batches of one write lane: load the histories, decide in memory, append in one transaction.
final class WriteWorker: LaneWorker {
    private let connection: LaneConnection
    private let configuration: EventStoreConfiguration
    private let logger: Logger
    private var cache: StateCache
    var availabilityChanged: ((LaneDown?) -> Void)?
    /// Between two attempts at the same batch.
    private let pause: Pause
    /// Set while Postgres cannot be asked for the outcome of an append.
    private var away: LaneDown?
    /// When the splitting of a batch that met a lock ends; nil while no batch is split for a lock.
    private var splitEnd: ContinuousClock.Instant?

    /// - Parameter pause: between two attempts at the same batch; a stopping store must not interrupt it.
    init(connection: LaneConnection, pause: Pause, configuration: EventStoreConfiguration, logger: Logger) {
        self.connection = connection
        self.pause = pause
        self.configuration = configuration
        self.logger = logger
        self.cache = StateCache(
            bound: configuration.maximumCachedOrdersPerLane, minimumEvents: configuration.minimumEventsToCache)
    }

    func connect() throws(LaneDown) {
        try connection.connect()
    }

    func close() {
        connection.close()
    }

    func process(_ batch: [CommandRequest]) throws(LaneDown) -> [CommandRequest] {
        guard !batch.isEmpty else { return [] }
        defer { splitEnd = nil }
        do throws(LaneDown) {
            let undecided = try run(batch)
            if let away { throw away }
            return undecided
        } catch {
            away = nil
            for request in batch { request.fail(.unavailable(error.reason)) }
            throw error
        }
    }

    /// Runs the commands as one batch. If one command poisons the batch, it is run as two halves, again and again,
    /// until that command is alone.
    ///
    /// - Returns: the commands that must be decided again.
    private func run(_ commands: [CommandRequest]) throws(LaneDown) -> [CommandRequest] {
        var backoff = Backoff(first: .milliseconds(5), longest: .seconds(1))
        for _ in 0..<max(1, configuration.maximumBatchRetries) {
            do {
                return try attemptOnce(commands)
            } catch {
                switch FailureKind(error) {
                case .lost: throw LaneDown(error)
                case .poisonedByCommand: return try split(commands, error)
                case .permanent:
                    fail(commands, error)
                    return []
                case .transient:
                    logger.notice(
                        "batch is tried again", metadata: ["error": "\(error)", "commands": "\(commands.count)"])
                    pause.wait(backoff.failed())
                }
            }
        }
        for command in commands { command.fail(.contention(attempts: configuration.maximumBatchRetries)) }
        return []
    }

    private func split(_ commands: [CommandRequest], _ error: PostgresError) throws(LaneDown) -> [CommandRequest] {
        guard commands.count > 1 else {
            // The number is taken, or another transaction holds a lock: a lost attempt, not a bad command.
            if error.sqlState == SQLState.uniqueViolation || error.sqlState == SQLState.lockNotAvailable {
                return losers(commands)
            }
            fail(commands, error)
            return []
        }
        if error.sqlState == SQLState.lockNotAvailable {
            let end = splitEnd ?? .now + configuration.splitLimit
            splitEnd = end
            if end <= .now { return losers(commands) }
        }
        let middle = commands.count / 2
        // The second half is loaded after the first is committed, so the commands for one order keep their sequence.
        let lost = try run(Array(commands[..<middle]))
        return lost + (try run(Array(commands[middle...])))
    }

    private func fail(_ commands: [CommandRequest], _ error: PostgresError) {
        logger.error(
            "commands failed", metadata: ["error": "\(error.debugDescription)", "commands": "\(commands.count)"])
        for command in commands { command.fail(.internal(error.description)) }
    }

    // MARK: - One batch

    /// Loads, decides, appends and answers. Throws before anything is answered, and only if nothing was written.
    ///
    /// - Returns: the commands that must be decided again.
    private func attemptOnce(_ commands: [CommandRequest]) throws(PostgresError) -> [CommandRequest] {
        let (heads, keys) = try load(commands)
        let plan = BatchPlan(commands, heads: heads, keys: keys, now: WallClock.microsecondsSince1970)
        let blocks = plan.blocks
        guard !blocks.isEmpty else { return answer(commands, plan.resolve([])) }
        if Mutant.answeredBeforeCommit.isOn {
            _ = answer(commands, plan.resolve(blocks.map { _ in true }))
            // The answers leave before what may happen to the commit.
            pause.wait(.milliseconds(20))
        }
        let fate = try append(AppendBatch(blocks))
        guard let appended = fate.appended else {
            for command in commands { command.fail(.outcomeUnknown(fate.reason)) }
            return []
        }
        if Mutant.answeredWhenPublished.isOn { waitUntilPublished() }
        for (order, head) in plan.appendedHeads(appended) { cache.keep(head, of: order) }
        return answer(commands, plan.resolve(appended))
    }

    private func answer(_ commands: [CommandRequest], _ resolutions: [BatchPlan.Resolution]) -> [CommandRequest] {
        var undecided: [CommandRequest] = []
        for (command, resolution) in zip(commands, resolutions) {
            switch resolution {
            case .answer(let result, let head): command.reply.finish(result, head?.head)
            case .decideAgain: undecided.append(command)
            }
        }
        return losers(undecided)
    }

    /// Counts a lost attempt of each command. Returns the commands that may be decided again; the others are answered
    /// with `contention`.
    private func losers(_ commands: [CommandRequest]) -> [CommandRequest] {
        commands.filter { command in
            command.lostAttempts += 1
            guard command.lostAttempts < configuration.maximumAttempts else {
                command.fail(.contention(attempts: command.lostAttempts))
                return false
            }
            return true
        }
    }

    /// Loads the heads of the existing orders that no caller knows, and the stored answers of the commands' keys, with
    /// one round trip, or two if a cached head belongs to another history.
    private func load(
        _ commands: [CommandRequest]
    ) throws(PostgresError) -> (StreamLoader.Heads, [ExactText: KeyRecord]) {
        var orders: Set<ExactText> = []
        var keys: [String] = []
        for command in commands {
            if !command.isNewOrder, command.knownHead == nil { orders.insert(command.orderID) }
            if command.needsKeyLookup, let key = command.options.idempotencyKey { keys.append(key.key) }
        }
        guard !orders.isEmpty || !keys.isEmpty else { return ([:], [:]) }
        let loader = StreamLoader(orders, cache: &cache)
        let streamQueries = loader.queries
        let keyQueries = keys.isEmpty ? [] : [KeyTable.query(keys)]
        let results = try connection.reading { (connection) throws(PostgresError) in
            try transaction(connection, streamQueries + keyQueries)
        }
        var heads = try loader.heads(results.prefix(streamQueries.count), cache: &cache)
        let missing = orders.filter { heads[$0] == nil }
        if !missing.isEmpty {
            let again = StreamLoader(missing, cache: &cache)
            let results = try connection.reading { (connection) throws(PostgresError) in
                try transaction(connection, again.queries)
            }
            heads.merge(try again.heads(results, cache: &cache)) { _, new in new }
        }
        let records = keys.isEmpty ? [:] : try KeyTable.records(results[streamQueries.count])
        return (heads, records)
    }
}

// MARK: - Transactions

extension WriteWorker {
    private static let limitLockWait: PostgresStatement = "SELECT set_config('lock_timeout', $1, true)"

    /// Runs the queries as one transaction; while a batch is split for a lock, with the short lock timeout.
    private func transaction(
        _ connection: PostgresConnection, _ queries: [PostgresQuery]
    ) throws(PostgresError) -> [PostgresResult] {
        guard splitEnd != nil else { return try connection.pipeline(queries) }
        let limit = PostgresQuery(
            Self.limitLockWait, [.text("\(configuration.splitLockTimeout.lockTimeoutMilliseconds)")])
        return Array(try connection.pipeline([limit] + queries).dropFirst())
    }
}

// MARK: - Appending

extension WriteWorker {
    /// The outcome of an append, as far as it is known.
    private struct Fate {
        /// For each block whether it was appended; nil if that is unknown.
        var appended: [Bool]?
        /// Why the outcome is unknown, for the log.
        var reason = ""
    }

    /// Appends in one transaction. The returned rows are valid only after the commit was read.
    private func append(_ batch: AppendBatch) throws(PostgresError) -> Fate {
        let connection = try connection.get()
        do {
            try Self.reached(.appendBeforeCommit)
            let appended = try batch.appended(transaction(connection, batch.queries))
            try Self.reached(.appendAfterCommit)
            return Fate(appended: appended)
        } catch {
            guard error.isConnectionLost else { throw error }
            return settle(batch, after: error)
        }
    }

    /// An error on purpose looks like a lost connection: the outcome is unknown.
    private static func reached(_ point: FailPoint) throws(PostgresError) {
        do throws(FailPointError) {
            try point.reached()
        } catch {
            throw PostgresError(.connection, error.description)
        }
    }

    /// For the mutant that answers clients when their rows are published: after 4 s at the latest.
    private func waitUntilPublished() {
        for _ in 0..<80 {
            let rows = try? connection.get().query("SELECT unpublished_rows = 0 FROM outbox_state")
            if let rows, (try? rows.bool(0, 0)) == true { return }
            pause.wait(.milliseconds(50))
        }
    }

    /// Runs an append again, with the same events, after its connection was lost, until its outcome is known.
    ///
    /// A SELECT alone is not enough, because the old backend may still be committing. The repeated append waits for
    /// that backend at the primary key and then either inserts the events or finds events there; their identifiers tell
    /// whether they are the ones of this batch.
    private func settle(_ batch: AppendBatch, after error: PostgresError) -> Fate {
        logger.warning("append of unknown outcome is run again", metadata: ["error": "\(error)"])
        let giveUp = ContinuousClock.now + configuration.settleLimit
        var backoff = Backoff(
            first: configuration.minimumReconnectDelay, longest: configuration.maximumReconnectDelay)
        var last = error
        // A Postgres that does not answer this lane does not answer new requests either: the lane refuses them at once.
        if error.code == .deadline { isAway(error) }
        while ContinuousClock.now < giveUp {
            do {
                let appended = try appendAgain(batch)
                if away != nil { availabilityChanged?(nil) }
                away = nil
                return Fate(appended: appended)
            } catch {
                last = error
                switch FailureKind(error) {
                case .lost:
                    isAway(error)
                case .transient: break
                case .poisonedByCommand where error.sqlState == SQLState.lockNotAvailable: break
                case .poisonedByCommand, .permanent: return Fate(reason: error.description)
                }
            }
            pause.wait(backoff.failed())
        }
        logger.error("outcome of an append stays unknown", metadata: ["error": "\(last)"])
        return Fate(reason: last.description)
    }

    /// Makes the lane refuse new requests until the outcome is known.
    private func isAway(_ error: PostgresError) {
        away = LaneDown(error)
        availabilityChanged?(away)
    }

    /// The events that stand may be on this server only, if the wait of their commit for a synchronous standby was cut
    /// short. A commit waits for everything before it, but only if its own transaction has written to the log.
    private static let writesLog: PostgresStatement = "SELECT pg_logical_emit_message(true, 'event store', '')::text"

    private func appendAgain(_ batch: AppendBatch) throws(PostgresError) -> [Bool] {
        let connection = try connection.get()
        let inserted = try batch.appended(connection.pipeline(batch.queries))
        guard inserted.contains(false) else { return inserted }
        let standing = try batch.contains(connection.pipeline([batch.standingQuery, PostgresQuery(Self.writesLog)])[0])
        return zip(inserted, standing).map { $0 || $1 }
    }
}
