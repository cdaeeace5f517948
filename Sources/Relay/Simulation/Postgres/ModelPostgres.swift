import Sabotage

/// A model of a Postgres server with one outbox: transaction ids, snapshots, commit order, a log that is flushed later,
/// crashes, advisory locks and notifications.
///
/// What is atomic in Postgres for every observer is one call here. A commit is two calls, because its log is on the
/// disk before others see it.
final class ModelPostgres {
    /// A row of the outbox.
    struct Row {
        let outboxID: Int64
        let transaction: UInt64
        /// Numbers the inserted rows of a run. An outbox id may be given twice, if a crash took the first row back.
        let uid: Int
        let key: Int
        let sequence: Int64
        /// How large the row says that its payload is, in bytes.
        let size: Int64
        /// In microseconds since 1970.
        let createdAt: Int64
    }

    private enum Fate { case running, committed, ended }

    /// What the log has and the disk may not have. Changes of sequences and rows are in the log as well, and need no
    /// commit.
    private enum LogRecord {
        case commit(UInt64, Change?)
        case lease(Int64)
        case insert
    }

    /// What a transaction does to the relay's tables.
    typealias Change = (inout ModelTables) -> Void

    /// This moment, in microseconds since 1970.
    var now: () -> Int64
    let mutant: Mutant?
    /// In the order of their ids. A row of a transaction that did not commit stays, as in a heap without vacuum.
    private(set) var rows: [Row] = []
    private(set) var tables = ModelTables()
    var sessions: [ModelSession] = []
    var locks = ModelLocks()
    private(set) var isUp = true
    /// Is told of each move of the checkpoint: the epoch that made it, and the epoch that leads.
    var onMove: ((_ by: Int64, _ leading: Int64) -> Void)?

    /// The mutant that reads by id: the highest id that a cut has read.
    var highestRead: Int64 = 0
    /// When each epoch began, in microseconds since 1970, by epoch.
    private(set) var raises: [Int64: Int64] = [:]

    private var nextTransaction: UInt64 = ModelPostgres.firstTransaction
    private var latestEnded: UInt64 = ModelPostgres.firstTransaction - 1
    /// Ascending.
    private var running: [UInt64] = []
    /// By transaction, from the first on.
    private var fates: [Fate] = []
    private var isOnDisk: [Bool] = []
    private var diskTables = ModelTables()
    private var log: [LogRecord] = []
    private var nextOutboxID: Int64 = 1
    private var nextUID = 0
    private var nextHoldID: Int64 = 1
    private var nextProcess: Int32 = 1

    private static let firstTransaction: UInt64 = 700

    init(now: @escaping () -> Int64, mutant: Mutant? = nil) {
        self.now = now
        self.mutant = mutant
    }

    // MARK: Transactions

    /// Draws a transaction id.
    func begin() -> UInt64 {
        let id = nextTransaction
        nextTransaction += 1
        running.append(id)
        fates.append(.running)
        isOnDisk.append(false)
        return id
    }

    /// A subtransaction draws an id of its own, which no snapshot lists.
    func beginNested() -> UInt64 {
        let id = nextTransaction
        nextTransaction += 1
        fates.append(.ended)
        isOnDisk.append(false)
        return id
    }

    /// A subtransaction was rolled back: from now on its id counts as ended.
    func endNested(_ id: UInt64) { latestEnded = max(latestEnded, id) }

    /// Writes the commit into the log, and waits for the disk if asked to. Others do not see it yet.
    func writeCommit(_ id: UInt64, _ change: Change? = nil, waitsForDisk: Bool) {
        log.append(.commit(id, change))
        if waitsForDisk { flush() }
    }

    /// From now on others see the transaction.
    func showCommit(_ id: UInt64, nested: UInt64? = nil) { end(id, .committed, nested) }

    func abort(_ id: UInt64, nested: UInt64? = nil) { end(id, .ended, nested) }

    private func end(_ id: UInt64, _ fate: Fate, _ nested: UInt64?) {
        running.removeAll { $0 == id }
        fates[index(id)] = fate
        latestEnded = max(latestEnded, id, nested ?? 0)
    }

    private func index(_ id: UInt64) -> Int { Int(id - Self.firstTransaction) }

    /// `pg_current_snapshot()`.
    var snapshot: ModelSnapshot {
        let xmax = latestEnded + 1
        return ModelSnapshot(xmax: xmax, running: running.filter { $0 < xmax })
    }

    func isCommitted(_ id: UInt64) -> Bool { fates[index(id)] == .committed }

    /// Whether no crash can take the row back.
    func isOnDisk(_ row: Row) -> Bool { isOnDisk[index(row.transaction)] }

    /// Everything that was written to the log is on the disk.
    var isFlushed: Bool { log.isEmpty }

    // MARK: Rows

    func insert(_ transaction: UInt64, key: Int, sequence: Int64, size: Int64) {
        rows.append(
            Row(
                outboxID: nextOutboxID, transaction: transaction, uid: nextUID, key: key, sequence: sequence,
                size: size, createdAt: now()))
        nextOutboxID += 1
        nextUID += 1
        log.append(.insert)
    }

    /// A subtransaction was rolled back with the rows from this number on.
    func rollBack(_ transaction: UInt64, fromUID uid: Int) {
        rows.removeAll { $0.transaction == transaction && $0.uid >= uid }
    }

    /// The number that the next row gets.
    var followingUID: Int { nextUID }

    /// The rows that a statement sees now.
    func visibleRows(_ condition: (Row) -> Bool) -> [Row] {
        rows.filter { condition($0) && isCommitted($0.transaction) }
    }

    func row(_ outboxID: Int64) -> Row? { rows.last { $0.outboxID == outboxID } }

    // MARK: The relay's tables

    /// Changes the relay's tables in a transaction of its own.
    func change(waitsForDisk: Bool, _ change: @escaping Change) {
        let id = begin()
        commitChange(id, change, waitsForDisk: waitsForDisk)
    }

    /// Commits a transaction with a change, for all observers at once.
    func commitChange(_ id: UInt64, _ change: @escaping Change, waitsForDisk: Bool) {
        writeCommit(id, change, waitsForDisk: waitsForDisk)
        change(&tables)
        showCommit(id)
    }

    /// `setval`.
    func setLease(_ until: Int64) {
        tables.lease = until
        log.append(.lease(until))
    }

    func drawHoldID() -> Int64 {
        defer { nextHoldID += 1 }
        return nextHoldID
    }

    func noteRaise(to epoch: Int64) { raises[epoch] = now() }

    // MARK: The disk

    func flush() { flush(log.count) }

    private func flush(_ count: Int) {
        for record in log.prefix(count) {
            switch record {
            case .commit(let id, let change):
                isOnDisk[index(id)] = true
                change?(&diskTables)
            case .lease(let until): diskTables.lease = until
            case .insert: break
            }
        }
        log.removeFirst(count)
    }

    // MARK: Crashes

    /// The server is gone, and with it what is not on the disk: the log is lost from some place on.
    func crash(_ random: inout SeededRandom) {
        flush(random.below(log.count + 1))
        log = []
        tables = diskTables
        for session in sessions { session.end() }
        sessions = []
        locks = ModelLocks()
        running = []
        for index in fates.indices { fates[index] = isOnDisk[index] ? .committed : .ended }
        // Ids that nothing on the disk mentions are drawn again.
        let kept = (isOnDisk.lastIndex(of: true) ?? -1) + 1
        let known = kept + random.below(fates.count - kept + 1)
        fates.removeLast(fates.count - known)
        isOnDisk.removeLast(isOnDisk.count - known)
        nextTransaction = Self.firstTransaction + UInt64(known)
        latestEnded = nextTransaction - 1
        rows.removeAll { $0.transaction >= nextTransaction }
        nextOutboxID = (rows.last?.outboxID ?? 0) + 1 + Int64(random.below(4))
        isUp = false
    }

    func start() { isUp = true }

    /// A new server process for a client.
    func makeSession(_ owner: Int) -> ModelSession {
        let session = ModelSession(self, process: nextProcess, owner: owner)
        nextProcess += 1
        sessions.append(session)
        return session
    }

    /// Ends the process and what it holds.
    func end(_ session: ModelSession) {
        guard session.isAlive else { return }
        session.end()
        sessions.removeAll { $0 === session }
        locks.release(session)
    }
}
