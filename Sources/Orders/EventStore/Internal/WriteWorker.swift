import Logging
import Postgres
import Threads
import Values

/// Decides and appends the batches of one write lane.
final class WriteWorker: LaneWorker {
    private let connection: LaneConnection
    private let configuration: EventStoreConfiguration
    private let logger: Logger
    private var cache: StateCache
    var availabilityChanged: ((LaneDown?) -> Void)?
    /// Set while the fate of an append is asked for in vain.
    private var away: LaneDown?
    /// Set while a batch that met a lock is split: until when.
    private var splitEnd: ContinuousClock.Instant?

    init(connection: LaneConnection, configuration: EventStoreConfiguration, logger: Logger) {
        self.connection = connection
        self.configuration = configuration
        self.logger = logger
        self.cache = StateCache(
            bound: configuration.maximumCachedOrdersPerLane, minimumEvents: configuration.minimumEventsToCache)
    }

    func connect() throws(LaneDown) {
        do {
            _ = try connection.get()
        } catch {
            logger.warning("write lane cannot connect", metadata: ["error": "\(error)"])
            throw LaneDown(error)
        }
    }

    func close() {
        connection.drop()
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

    /// Runs the commands as one batch; if one of them spoils it, as two halves, until the guilty one is alone.
    private func run(_ commands: [CommandRequest]) throws(LaneDown) -> [CommandRequest] {
        for attempt in 0..<max(1, configuration.maximumBatchRetries) {
            do {
                return try attemptOnce(commands)
            } catch {
                switch FailureKind(error) {
                case .lost: throw LaneDown(error)
                case .guilty: return try split(commands, error)
                case .hopeless:
                    fail(commands, error)
                    return []
                case .transient:
                    logger.notice(
                        "batch is tried again", metadata: ["error": "\(error)", "commands": "\(commands.count)"])
                    Pause.wait(.milliseconds(5 << attempt))
                }
            }
        }
        for command in commands { command.fail(.contention(attempts: configuration.maximumBatchRetries)) }
        return []
    }

    private func split(_ commands: [CommandRequest], _ error: PostgresError) throws(LaneDown) -> [CommandRequest] {
        guard commands.count > 1 else {
            // Taken after all, or held by somebody else's open transaction: that is a lost race, not a bad command.
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
        // The second half is loaded after the first is committed, so commands for one order stay in their order.
        let lost = try run(Array(commands[..<middle]))
        return lost + (try run(Array(commands[middle...])))
    }

    private func fail(_ commands: [CommandRequest], _ error: PostgresError) {
        logger.error(
            "commands failed", metadata: ["error": "\(error.debugDescription)", "commands": "\(commands.count)"])
        for command in commands { command.fail(.internal(error.description)) }
    }

    // MARK: - One batch

    /// Loads, decides, appends and answers. Throws before anything is answered, and only when nothing was written.
    private func attemptOnce(_ commands: [CommandRequest]) throws(PostgresError) -> [CommandRequest] {
        let (heads, keys) = try load(commands)
        let plan = BatchPlan(commands, heads: heads, keys: keys, now: WallClock.microsecondsSince1970)
        let blocks = plan.blocks
        guard !blocks.isEmpty else { return answer(commands, plan.resolve([])) }
        let fate = try append(AppendBatch(blocks))
        guard let appended = fate.appended else {
            for command in commands { command.fail(.outcomeUnknown(fate.reason)) }
            return []
        }
        for (order, head) in plan.appendedHeads(appended) { cache.keep(head, of: order) }
        return answer(commands, plan.resolve(appended))
    }

    private func answer(_ commands: [CommandRequest], _ resolutions: [BatchPlan.Resolution]) -> [CommandRequest] {
        var undecided: [CommandRequest] = []
        for (command, resolution) in zip(commands, resolutions) {
            switch resolution {
            case .answer(let result): command.reply.finish(result)
            case .decideAgain: undecided.append(command)
            }
        }
        return losers(undecided)
    }

    /// Those of the losers that may try again; the others are told that they lost too often.
    private func losers(_ commands: [CommandRequest]) -> [CommandRequest] {
        commands.compactMap { command in
            var command = command
            command.lostAttempts += 1
            guard command.lostAttempts < configuration.maximumAttempts else {
                command.fail(.contention(attempts: command.lostAttempts))
                return nil
            }
            return command
        }
    }

    private func load(
        _ commands: [CommandRequest]
    ) throws(PostgresError) -> (StreamLoader.Heads, [ExactText: KeyRecord]) {
        var orders: Set<ExactText> = []
        var keys: [String] = []
        for command in commands {
            if !command.isNewOrder { orders.insert(command.orderID) }
            if command.needsKeyLookup, let key = command.options.idempotencyKey { keys.append(key.key) }
        }
        guard !orders.isEmpty || !keys.isEmpty else { return ([:], [:]) }
        let loader = StreamLoader(orders, cache: &cache)
        let streamQueries = loader.queries
        let keyQueries = keys.isEmpty ? [] : [KeyRecord.query(keys)]
        let results = try reading { (connection) throws(PostgresError) in
            try transaction(connection, streamQueries + keyQueries)
        }
        var heads = try loader.heads(results.prefix(streamQueries.count), cache: &cache)
        let missing = orders.filter { heads[$0] == nil }
        if !missing.isEmpty {
            let again = StreamLoader(missing, cache: &cache)
            let results = try reading { (connection) throws(PostgresError) in try transaction(connection, again.queries)
            }
            heads.merge(try again.heads(results, cache: &cache)) { _, new in new }
        }
        let records = keys.isEmpty ? [:] : try KeyRecord.records(results[streamQueries.count])
        return (heads, records)
    }

    /// A read may be repeated: a connection that was lost while nobody used it is noticed here. Not one that hangs: it
    /// has had its time, and others wait.
    private func reading<T>(
        _ body: (PostgresConnection) throws(PostgresError) -> T
    ) throws(PostgresError) -> T {
        do {
            return try body(connection.get())
        } catch {
            guard error.isConnectionLost, error.code != .deadline else { throw error }
            return try body(connection.get())
        }
    }
}

// MARK: - Transactions

extension WriteWorker {
    private static let limitLockWait: PostgresStatement = "SELECT set_config('lock_timeout', $1, true)"

    /// Runs the queries as one transaction; while a batch is being split, with little patience for locks.
    private func transaction(
        _ connection: PostgresConnection, _ queries: [PostgresQuery]
    ) throws(PostgresError) -> [PostgresResult] {
        guard splitEnd != nil else { return try connection.pipeline(queries) }
        let limit = PostgresQuery(Self.limitLockWait, [.text("\(configuration.splitLockTimeout.wholeMilliseconds)")])
        return Array(try connection.pipeline([limit] + queries).dropFirst())
    }
}

// MARK: - Appending

extension WriteWorker {
    /// What is known about an append: which blocks are in, or nil and why nobody knows.
    private struct Fate {
        var appended: [Bool]?
        var reason = ""
    }

    /// Appends in one transaction; the rows count only after the commit was read.
    private func append(_ batch: AppendBatch) throws(PostgresError) -> Fate {
        let connection = try connection.get()
        do {
            return Fate(appended: try batch.appended(transaction(connection, batch.queries)))
        } catch {
            guard error.isConnectionLost else { throw error }
            return settle(batch, after: error)
        }
    }

    /// The connection was lost in mid-append: runs the same append again, with the same events, until its fate is
    /// known.
    ///
    /// Looking alone would not do: the old backend may still be committing. The append waits for it at the primary key,
    /// and then either inserts or finds what stands there, and an event's identifier tells whether it is ours.
    private func settle(_ batch: AppendBatch, after error: PostgresError) -> Fate {
        logger.warning("append of unknown outcome is run again", metadata: ["error": "\(error)"])
        let giveUp = ContinuousClock.now + configuration.settleLimit
        var delay = configuration.minimumReconnectDelay
        var last = error
        // A Postgres that hangs hangs for the others, too: they need not wait to see it.
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
                case .guilty where error.sqlState == SQLState.lockNotAvailable: break
                case .guilty, .hopeless: return Fate(reason: error.description)
                }
            }
            Pause.wait(delay)
            delay = min(delay * 2, configuration.maximumReconnectDelay)
        }
        logger.error("outcome of an append stays unknown", metadata: ["error": "\(last)"])
        return Fate(reason: last.description)
    }

    /// Those who come meanwhile need not wait.
    private func isAway(_ error: PostgresError) {
        away = LaneDown(error)
        availabilityChanged?(away)
    }

    private func appendAgain(_ batch: AppendBatch) throws(PostgresError) -> [Bool] {
        let connection = try connection.get()
        let inserted = try batch.appended(connection.pipeline(batch.queries))
        guard inserted.contains(false) else { return inserted }
        let standing = try batch.contains(connection.pipeline([batch.standingQuery])[0])
        return zip(inserted, standing).map { $0 || $1 }
    }
}
