import Outbox
import Postgres
import Sabotage

/// The leading thread's statements: leadership, lease, sleep lock, identity.
extension ModelSession {
    /// The server's identity, which does not change.
    private static let system: Int64 = 7_000_000_000_000_000_001
    private static let database: Int64 = 16_384

    func runLead(_ statement: ModelStatement, _ arguments: Arguments) throws(PostgresError) -> PostgresResult {
        switch statement {
        case .ownBackend:
            return PostgresResult(columns: 2, rows: [[.int4(backendPID), .timestamp(startedAt)]])
        case .identity:
            return PostgresResult(
                columns: 7,
                rows: [
                    [
                        .text("outbox"), .text(ModelStatement.channel), .int4(ModelStatement.lockClass),
                        .int4(ModelStatement.leaderLock), .int4(ModelStatement.sleepLock),
                    ]
                ])
        case .server:
            return PostgresResult(columns: 3, rows: [[.int8(Self.system), .int8(Self.database), .int4(1)]])
        case .storedServer:
            let row: [PostgresValue] =
                tables.hasServer ? [.int8(Self.system), .int8(Self.database), .int4(1)] : [.null]
            return PostgresResult(columns: 3, rows: [row])
        case .storeServer:
            change { $0.hasServer = true }
            return PostgresResult(columns: 0, affectedRows: 1)
        case .counter:
            let checkpoint = tables.checkpoint
            let stored = (checkpoint.draining ?? checkpoint.published).xmax
            return PostgresResult(columns: 1, rows: [[.bool(stored > server.snapshot.xmax)]])
        case .raiseEpoch: return try raiseEpoch(from: arguments.integer(1) ?? 0)
        case .heartbeat: return PostgresResult(columns: 1, rows: [[.int4(1)]])
        case .endBackend: return endBackend(arguments.integer(1) ?? 0, startedAt: arguments.integer(2) ?? 0)
        case .terminate: return terminate(arguments)
        case .lead, .leaseIsOver, .takeLease, .renewLease, .endLease: return lease(statement, arguments)
        default: return try locks(statement)
        }
    }

    // MARK: Lease and epoch

    private func lease(_ statement: ModelStatement, _ arguments: Arguments) -> PostgresResult {
        switch statement {
        case .lead:
            let isFree = server.locks.leader == nil || server.locks.leader === self
            if isFree {
                server.locks.leader = self
                server.setLease(server.now() + (arguments.integer(3) ?? 0))
            }
            return PostgresResult(columns: 1, rows: [[.bool(isFree)]])
        case .leaseIsOver:
            return PostgresResult(columns: 1, rows: [[.bool(server.tables.lease <= server.now())]])
        case .takeLease:
            server.setLease(server.now() + (arguments.integer(1) ?? 0))
            return PostgresResult(columns: 1, rows: [[.int8(server.tables.lease)]])
        case .renewLease:
            let isOwn = tables.checkpoint.epoch == arguments.integer(1) || server.mutant == .noFenceOnLease
            if isOwn { server.setLease(server.now() + (arguments.integer(2) ?? 0)) }
            return PostgresResult(columns: 2, rows: [[.bool(isOwn), .null]])
        default:
            if tables.checkpoint.epoch == arguments.integer(1) { server.setLease(0) }
            return PostgresResult(columns: 1, rows: [[.int8(server.tables.lease)]])
        }
    }

    private func raiseEpoch(from epoch: Int64) throws(PostgresError) -> PostgresResult {
        try requireCheckpoint()
        guard tables.checkpoint.epoch == epoch else { return PostgresResult(columns: 0, affectedRows: 0) }
        if server.mutant != .epochNotRaised {
            change {
                $0.checkpoint.epoch += 1
                $0.checkpoint.place += 1
            }
            server.noteRaise(to: epoch + 1)
        }
        return PostgresResult(columns: 0, affectedRows: 1)
    }

    // MARK: Sessions and locks

    private func endBackend(_ process: Int64, startedAt: Int64) -> PostgresResult {
        let found = server.sessions.first {
            Int64($0.backendPID) == process && PostgresValue.timestamp($0.startedAt) == .int8(startedAt) && $0 !== self
        }
        if let found { server.end(found) }
        return PostgresResult(columns: 1, rows: [[.int8(found == nil ? 0 : 1)]])
    }

    private func terminate(_ arguments: Arguments) -> PostgresResult {
        let holders: [ModelSession]
        switch (arguments.integer(2), arguments.text(3)) {
        case (Int64(ModelStatement.leaderLock), "ExclusiveLock"): holders = [server.locks.leader].compactMap { $0 }
        case (Int64(ModelStatement.sleepLock), "ExclusiveLock"): holders = [server.locks.sleeper].compactMap { $0 }
        case (Int64(ModelStatement.sharedLock), "ShareLock"): holders = server.locks.workers
        default: holders = []
        }
        let others = holders.filter { $0 !== self }
        for session in others { server.end(session) }
        return PostgresResult(columns: 1, rows: [[.int8(Int64(others.count))]])
    }

    private func locks(_ statement: ModelStatement) throws(PostgresError) -> PostgresResult {
        switch statement {
        case .workLock: server.locks.workers.append(self)
        case .sleep:
            let deadline = server.now() + Int64(OutboxLimits.sleepLockTryMilliseconds) * 1_000
            guard server.locks.requestSleep(self, now: server.now(), until: deadline) else {
                var error = PostgresError(.server, "the lock was not granted in time")
                error.sqlState = SQLState.lockNotAvailable
                throw error
            }
        default: server.locks.wake(self)
        }
        return PostgresResult(columns: 1, rows: [[.null]])
    }
}
