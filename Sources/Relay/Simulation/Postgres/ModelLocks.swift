/// The advisory locks of one outbox, and who writes the checkpoint's row.
struct ModelLocks {
    /// The session that leads.
    var leader: ModelSession?
    /// The sessions that read rows and move the checkpoint for a leader, in shared mode.
    var workers: [ModelSession] = []
    /// The session that sleeps.
    private(set) var sleeper: ModelSession?
    /// A session that waits for the sleep lock, and until when.
    private var candidate: (session: ModelSession, until: Int64)?
    /// Transactions of writers that hold the sleep lock in shared mode.
    private(set) var writers: Set<UInt64> = []
    /// The session whose open transaction has locked the checkpoint's row.
    var checkpoint: ModelSession?

    /// `pg_try_advisory_xact_lock_shared` of a writer. A lock that another session waits for is not given.
    mutating func tryShared(_ transaction: UInt64, now: Int64) -> Bool {
        if writers.contains(transaction) { return true }
        if sleeper != nil { return false }
        if let candidate, candidate.until > now { return false }
        writers.insert(transaction)
        return true
    }

    mutating func endShared(_ transaction: UInt64) { writers.remove(transaction) }

    /// `pg_advisory_lock` with a `lock_timeout`. A request that was not granted makes writers notify while it waits.
    mutating func requestSleep(_ session: ModelSession, now: Int64, until deadline: Int64) -> Bool {
        if sleeper === session { return true }
        guard sleeper == nil, writers.isEmpty else {
            candidate = (session, deadline)
            return false
        }
        sleeper = session
        candidate = nil
        return true
    }

    mutating func wake(_ session: ModelSession) {
        if sleeper === session { sleeper = nil }
        if candidate?.session === session { candidate = nil }
    }

    mutating func release(_ session: ModelSession) {
        if leader === session { leader = nil }
        if checkpoint === session { checkpoint = nil }
        workers.removeAll { $0 === session }
        wake(session)
    }
}
