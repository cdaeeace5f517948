import Postgres

/// One server process of the model, as a client uses it. Each statement is atomic.
final class ModelSession: PostgresStandIn {
    /// What becomes of a statement.
    enum Fate {
        case answered
        /// The connection is lost before the server has got the statement.
        case lostBefore
        /// The connection is lost before the client has got the answer.
        case lostAfter
    }

    let server: ModelPostgres
    let backendPID: Int32
    /// The number of the relay that has connected.
    let owner: Int
    /// In microseconds since 1970.
    let startedAt: Int64
    /// The server process is there.
    private(set) var isAlive = true
    /// The client is there, as it thinks.
    private var isConnected = true
    /// The client has gone and the server does not know: the process keeps its locks.
    var hidesEnd = false
    /// Notifications are lost on their way.
    var losesNotifications = false
    var listens = false
    private var news = 0
    /// The open transaction, if there is one.
    private(set) var transaction: ModelTransaction?
    /// Called before each statement, when anything may happen, and decides the statement's fate.
    var onStatement: ((ModelSession) -> Fate)?
    /// Called when the client waits.
    var onWait: ((ContinuousClock.Instant?) -> Void)?

    init(_ server: ModelPostgres, process: Int32, owner: Int) {
        self.server = server
        self.owner = owner
        backendPID = process
        startedAt = server.now()
    }

    var isUsable: Bool { isConnected && isAlive }

    // MARK: As a client

    func execute(_ script: String) throws(PostgresError) {
        try statement { () throws(PostgresError) in
            if script.hasPrefix("BEGIN") { return begin() }
            if script == "COMMIT" { return commit() }
            if script == "ROLLBACK" { return rollBack() }
            if script.hasPrefix("LISTEN ") { return listens = true }
            if script.hasPrefix("SET ") { return }
            throw Self.unknown(script)
        }
    }

    func query(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter]
    ) throws(PostgresError) -> PostgresResult {
        try self.statement { () throws(PostgresError) in
            try ModelStatement.run(statement.sql, parameters, on: self)
        }
    }

    func pipeline(_ queries: [PostgresQuery]) throws(PostgresError) -> [PostgresResult] {
        try statement { () throws(PostgresError) in
            var results: [PostgresResult] = []
            for query in queries {
                results.append(try ModelStatement.run(query.statement.sql, query.parameters, on: self))
            }
            return results
        }
    }

    func notifications() throws(PostgresError) -> [PostgresNotification] {
        guard isUsable else { throw Self.lost }
        defer { news = 0 }
        return news == 0 ? [] : [PostgresNotification(channel: ModelStatement.channel, payload: "")]
    }

    func wait(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> PostgresActivity {
        guard isUsable else { throw Self.lost }
        if news > 0 { return .received }
        onWait?(deadline)
        return .timedOut
    }

    func close() {
        isConnected = false
        if !hidesEnd { server.end(self) }
    }

    private func statement<T>(_ body: () throws(PostgresError) -> T) throws(PostgresError) -> T {
        guard isUsable else { throw Self.lost }
        let fate = onStatement?(self) ?? .answered
        guard isUsable else { throw Self.lost }
        if fate == .lostBefore { throw lose() }
        let result = try body()
        if fate == .lostAfter { throw lose() }
        return result
    }

    private func lose() -> PostgresError {
        close()
        return Self.lost
    }

    static let lost = PostgresError(.connection, "the connection was lost")

    static func unknown(_ sql: String) -> PostgresError {
        PostgresError(.usage, "the model of Postgres does not know this statement: \(sql)")
    }

    // MARK: As the server

    /// The process ends: by itself, or because somebody ended it.
    func end() {
        isAlive = false
        if let transaction, let id = transaction.id { server.abort(id) }
        transaction = nil
    }

    /// A writer has notified.
    func notify(times: Int = 1) {
        if listens, !losesNotifications { news += times }
    }

    /// Whether a notification waits to be taken.
    var hasNews: Bool { news > 0 }

    // MARK: Transactions

    private func begin() { transaction = ModelTransaction() }

    private func commit() {
        guard let ended = transaction else { return }
        transaction = nil
        if server.locks.checkpoint === self { server.locks.checkpoint = nil }
        guard let id = ended.id else { return }
        server.commitChange(id, ended.apply, waitsForDisk: ended.waitsForDisk)
    }

    private func rollBack() {
        if server.locks.checkpoint === self { server.locks.checkpoint = nil }
        if let id = transaction?.id { server.abort(id) }
        transaction = nil
    }

    /// The relay's tables as this session sees them.
    var tables: ModelTables {
        var tables = server.tables
        transaction?.apply(&tables)
        return tables
    }

    /// Changes the relay's tables: at once, or with the open transaction.
    ///
    /// - Parameter waitsForDisk: what the transaction's commit does; nil leaves it as it was.
    func change(waitsForDisk: Bool? = nil, _ change: @escaping ModelPostgres.Change) {
        guard transaction != nil else { return server.change(waitsForDisk: waitsForDisk ?? true, change) }
        if transaction?.id == nil { transaction?.id = server.begin() }
        transaction?.changes.append(change)
        if let waitsForDisk { transaction?.waitsForDisk = waitsForDisk }
    }

    /// Locks the checkpoint's row until the transaction ends.
    func lockCheckpoint() throws(PostgresError) {
        try requireCheckpoint()
        if transaction != nil { server.locks.checkpoint = self }
    }

    /// A session that meets the lock of another waits, until its time is over: the model lets the time be over at once.
    func requireCheckpoint() throws(PostgresError) {
        guard let holder = server.locks.checkpoint, holder !== self else { return }
        _ = lose()
        throw PostgresError(.deadline, "another session has locked the checkpoint")
    }
}
