import CLibPQ
import Glibc
import Logging
import Runtime
import Threads
import Values

/// One connection to Postgres.
///
/// Synchronous and not Sendable: it lives on one ``Threads/ThreadExecutor`` and blocks that thread, in `poll` on the
/// socket, never inside libpq. A connection that failed is not repaired; ``isUsable`` turns false and the owner opens
/// another.
public final class PostgresConnection {
    /// libpq's; nil where a stand-in answers.
    private let opened: OpaquePointer?
    /// What answers in place of a server, in a simulation.
    let standIn: (any PostgresStandIn)?
    let configuration: PostgresConfiguration
    /// Identifiers of the statements that this backend knows.
    private var preparedStatements: Set<Int> = []
    /// Parameter bytes on their way into libpq; kept to reuse the memory.
    private var scratch: [UInt8] = []
    /// The statement of ``start(_:_:)`` whose answer was not taken in yet.
    private var running: PostgresStarted?
    private var isBroken = false
    let standbyWait = StandbyWait()
    /// The limits of the statements from now on; see ``within(_:_:)``.
    private var patience: Patience
    /// When the statement was sent, or its last byte came.
    private(set) var quietSince = ContinuousClock.now
    /// Whether the statement that waits was reported as late.
    private var isReportedLate = false
    /// How many statements the server has run, as `pg_stat_statements` counts them.
    public internal(set) var statementCount = 0
    /// How long the statement that waits has waited for a byte, for other threads.
    public let silence = PostgresSilence()
    /// Whether a pooler is in between: it gives its clients numbers of its own for the key that cancels a statement.
    var isPooled = false
    /// With ``PostgresConfiguration/watchesSilence``.
    private var watch: PostgresWatch?

    /// How long a statement may be silent, by its class.
    struct Patience {
        var late: Duration?
        var limit: Duration?
    }

    /// Connects and applies the session settings. Blocks for at most ``PostgresConfiguration/connectTimeout`` for each
    /// of the URL's hosts and the deadline of one statement.
    ///
    /// - Throws: ``PostgresError`` with code `connection` (server away, still starting, wrong password), `deadline`,
    ///   `pooler` or `usage`.
    public init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        assert(PostgresLimits.areConsistent, "the bounds contradict each other")
        self.configuration = configuration
        self.patience = Patience(late: configuration.lateAfter, limit: configuration.statementDeadline)
        if let open = configuration.standIn {
            standIn = try open(configuration)
            opened = nil
            return
        }
        standIn = nil
        let handle = try PostgresConnecting.connect(configuration)
        opened = handle
        standbyWait.watch(handle)
        do {
            PQsetnonblocking(handle, 1)
            try beginSession()
            if configuration.watchesSilence, !isPooled { watch = try PostgresWatch(self) }
        } catch {
            isBroken = true
            throw error
        }
    }

    deinit {
        PQfinish(opened)
        standIn?.close()
    }

    var handle: OpaquePointer {
        guard let opened else { preconditionFailure("a stand-in has no socket") }
        return opened
    }

    /// Whether statements can still be sent.
    public var isUsable: Bool { !isBroken && (standIn?.isUsable ?? (PQstatus(opened) == CONNECTION_OK)) }

    /// The process id of the server process that serves this connection, as `pg_backend_pid()` says.
    public var backendPID: Int32 { standIn?.backendPID ?? PQbackendPID(opened) }

    /// The server's version, such as 150020 for 15.20.
    public var serverVersion: Int { standIn.map { _ in PostgresLimits.standInVersion } ?? Int(PQserverVersion(opened)) }

    /// Gives the connection up. The socket closes when the object is released.
    public func close() {
        isBroken = true
        standIn?.close()
    }

    // MARK: - Limits

    /// Runs `body` with another class of statements.
    ///
    /// - Parameters:
    ///   - limit: how long they may be silent before the connection is given up.
    ///   - late: after how long they count as late; nil as ``PostgresConfiguration/lateAfter`` says.
    public func within<T, E: Error>(
        _ limit: Duration, late: Duration? = nil, _ body: () throws(E) -> T
    ) throws(E) -> T {
        let outer = patience
        defer { patience = outer }
        patience = Patience(late: late ?? configuration.lateAfter, limit: limit)
        return try body()
    }

    // MARK: - Queries

    /// Runs a script of one or more statements by the simple protocol and drops its rows. Without BEGIN it is one
    /// transaction.
    ///
    /// - Throws: ``PostgresError``, the first that the server answered; the connection stays usable after an error of
    ///   the code `server`.
    public func execute(_ script: String) throws(PostgresError) {
        try requireUsable()
        if let standIn { return try standIn.execute(script) }
        _ = try run(script)
    }

    /// - Returns: the rows of the script's last statement, in text format; nil if it has none.
    func run(_ script: String) throws(PostgresError) -> PostgresResult? {
        guard PQsendQuery(handle, script) == 1 else { throw lost() }
        beginWaiting()
        var failure: PostgresError?
        var last: PostgresResult?
        while let raw = try nextResult() {
            let result = PostgresResult(raw)
            statementCount += 1
            if let error = PostgresError(in: raw) { failure = failure ?? error }
            last = PQresultStatus(raw) == PGRES_TUPLES_OK ? result : nil
        }
        if let failure { throw noting(failure) }
        try requireStandby()
        return last
    }

    /// Runs one statement with binary parameters and results; outside ``transaction(_:_:)`` it is its own transaction.
    ///
    /// - Throws: ``PostgresError``; the connection stays usable after an error of the code `server` that does not end
    ///   the session.
    @discardableResult
    public func query(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter] = []
    ) throws(PostgresError) -> PostgresResult {
        try requireUsable()
        if let standIn { return try standIn.query(statement, parameters) }
        try prepareIfNeeded(statement, parameters)
        try send(statement, parameters)
        beginWaiting()
        statementCount += 1
        return try onlyResult()
    }

    // MARK: - Started statements

    /// Sends a statement and returns at once: the server works while the caller does something else.
    ///
    /// Every other use of the connection first takes the answer in. Until then a long answer fills the socket and keeps
    /// the server waiting with its snapshot: call ``takeStarted()`` before anything that may take long.
    public func start(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter] = []
    ) throws(PostgresError) -> PostgresStarted {
        try requireUsable()
        if let standIn {
            let started = PostgresStarted(patience)
            started.outcome = Result { () throws(PostgresError) in try standIn.query(statement, parameters) }
            return started
        }
        try prepareIfNeeded(statement, parameters)
        try send(statement, parameters)
        guard PQflush(handle) >= 0 else { throw lost() }
        let started = PostgresStarted(patience)
        running = started
        return started
    }

    /// The answer to a started statement; blocks until it is there. May be called again for the same answer.
    ///
    /// - Throws: ``PostgresError`` of the statement, or with code `usage` when it was started on another connection.
    public func result(of started: PostgresStarted) throws(PostgresError) -> PostgresResult {
        if running === started { takeStarted() }
        guard let outcome = started.outcome else {
            throw PostgresError(.usage, "the statement was started on another connection")
        }
        return try outcome.get()
    }

    /// Takes in the answer to the statement that was started last, if it is still to come; blocks until it is there.
    public func takeStarted() {
        guard let started = running else { return }
        running = nil
        let outer = patience
        defer { patience = outer }
        patience = started.patience
        do {
            beginWaiting()
            statementCount += 1
            started.outcome = .success(try onlyResult())
        } catch {
            started.outcome = .failure(error)
        }
    }

    // MARK: - Sending

    /// Every call that asks something of the server begins with this.
    func requireUsable() throws(PostgresError) {
        takeStarted()
        guard isUsable else { throw lost(.connection, "the connection to Postgres is closed") }
    }

    private func prepareIfNeeded(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter]
    ) throws(PostgresError) {
        guard needsPreparing(statement) else { return }
        try sendPrepare(statement, parameters)
        beginWaiting()
        _ = try onlyResult()
        notePrepared(statement)
    }

    func needsPreparing(_ statement: PostgresStatement) -> Bool {
        isPrepared(statement) && !preparedStatements.contains(statement.id)
    }

    private func isPrepared(_ statement: PostgresStatement) -> Bool {
        configuration.preparesStatements && !statement.isPlannedEachTime
    }

    /// The server confirmed the preparation.
    func notePrepared(_ statement: PostgresStatement) {
        preparedStatements.insert(statement.id)
    }

    func sendPrepare(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) throws(PostgresError) {
        let types = parameters.map(\.oid)
        guard PQsendPrepare(handle, statement.name, statement.sql, Int32(types.count), types) == 1 else { throw lost() }
    }

    func send(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) throws(PostgresError) {
        assert(running == nil, "the answer to the started statement is taken in before anything else is sent")
        guard parameters.count <= Int(UInt16.max) else {
            throw PostgresError(.usage, "\(parameters.count) parameters; the protocol allows \(UInt16.max)")
        }
        let sent = withParameters(parameters) { values, lengths, formats in
            isPrepared(statement)
                ? PQsendQueryPrepared(handle, statement.name, Int32(parameters.count), values, lengths, formats, 1)
                : PQsendQueryParams(
                    handle, statement.sql, Int32(parameters.count), parameters.map(\.oid), values, lengths, formats, 1)
        }
        guard sent == 1 else { throw lost() }
    }

    private typealias Values = UnsafePointer<UnsafePointer<CChar>?>
    private typealias Integers = UnsafePointer<Int32>

    /// libpq copies the parameters before it returns, so they only have to stay put during the call.
    private func withParameters(_ parameters: [PostgresParameter], _ body: (Values, Integers, Integers) -> Int32)
        -> Int32
    {
        scratch.removeAll(keepingCapacity: true)
        var offsets: [Int?] = []
        for parameter in parameters {
            offsets.append(parameter.bytes == nil ? nil : scratch.count)
            if let bytes = parameter.bytes { scratch.append(contentsOf: bytes) }
        }
        // A zero-length value still needs an address: NULL would mean SQL NULL.
        scratch.append(0)
        return scratch.withUnsafeBytes { buffer in
            let values = offsets.map { offset in
                offset.flatMap { buffer.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
            }
            let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
            return body(values, lengths, parameters.map { $0.isBinary ? 1 : 0 })
        }
    }

    // MARK: - Results

    /// A statement was sent, or its answer is waited for only now: its time begins.
    func beginWaiting() {
        quietSince = .now
        isReportedLate = false
    }

    /// Waits for the next result of the current statement; nil when there are no more. The caller clears it.
    func nextResult() throws(PostgresError) -> OpaquePointer? {
        while true {
            let unsent = PQflush(handle)
            if unsent < 0 { throw lost() }
            if PQisBusy(handle) == 0 { return PQgetResult(handle) }
            try awaitSocket(toWrite: unsent != 0)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    /// Blocks until the server sent something, or took something, or the statement's time is over.
    func awaitSocket(toWrite: Bool) throws(PostgresError) {
        silence.begin(since: quietSince, lateAfter: patience.late, socket: PQsocket(handle))
        defer { silence.end() }
        let deadline = patience.limit.map { quietSince + $0 }
        if let late = patience.late, !isReportedLate, deadline.map({ quietSince + late < $0 }) ?? true {
            if PostgresConnecting.wait(handle, toWrite: toWrite, until: quietSince + late) { return noteProgress() }
            isReportedLate = true
            let number = reportLate()
            defer { DatabaseHealth.lateEnded(number) }
            return try awaitSocket(toWrite, until: deadline)
        }
        try awaitSocket(toWrite, until: deadline)
    }

    private func awaitSocket(_ toWrite: Bool, until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        if PostgresConnecting.wait(handle, toWrite: toWrite, until: deadline) { return noteProgress() }
        let limit = patience.limit ?? .zero
        if !isReportedLate { DatabaseHealth.lateEnded(reportLate()) }
        DeadPaths.note(configuration.url)
        throw lost(.deadline, "no answer from Postgres within \(DurationText.words(limit)); the connection is given up")
    }

    private func noteProgress() { quietSince = .now }

    private func reportLate() -> UInt64 {
        configuration.logger?.warning(
            "Postgres does not answer in time",
            metadata: [
                "connection": "\(configuration.applicationName)", "silent": "\(patience.late ?? .zero)",
                "given_up_after": "\(patience.limit.map { "\($0)" } ?? "never")",
            ])
        return DatabaseHealth.lateBegan(configuration.applicationName, since: quietSince)
    }

    /// Reads one statement's result and all further results up to the end mark: outside a transaction the commit comes
    /// after the rows, and can fail although the statement succeeded.
    private func onlyResult() throws(PostgresError) -> PostgresResult {
        guard let first = try nextResult() else { throw lost() }
        let result = PostgresResult(first)
        var failure = PostgresError(in: first)
        while let extra = try nextResult() {
            failure = failure ?? PostgresError(in: extra)
            PQclear(extra)
        }
        if let failure { throw noting(failure) }
        try requireStandby()
        return result
    }

    /// A server error that ends the session also ends the use of this object.
    func noting(_ error: PostgresError) -> PostgresError {
        if error.isConnectionLost { markBroken() }
        return error
    }

    private func markBroken() {
        if !isBroken { DatabaseHealth.connectionLost() }
        isBroken = true
    }

    /// Marks the connection as lost and says why; by default in libpq's words.
    func lost(_ code: PostgresError.Code = .connection, _ message: String? = nil) -> PostgresError {
        markBroken()
        let text = opened.map { PostgresConnecting.message($0) } ?? ""
        return PostgresError(code, message ?? (text.isEmpty ? "the connection was lost" : text))
    }
}
