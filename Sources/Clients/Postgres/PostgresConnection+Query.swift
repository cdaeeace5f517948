import CLibPQ

extension PostgresConnection {
    /// Runs a script of one or more statements by the simple protocol and drops its rows. Without BEGIN it is one
    /// transaction.
    public func execute(_ script: String) throws(PostgresError) {
        try requireUsable()
        guard PQsendQuery(handle, script) == 1 else { throw lost() }
        let deadline = deadlineFromNow()
        var failure: PostgresError?
        while let result = try nextResult(until: deadline) {
            if let error = Self.error(in: result) { failure = failure ?? error }
            PQclear(result)
        }
        if let failure { throw failure }
    }

    /// Runs one statement with binary parameters and results; outside ``transaction(_:_:)`` it is its own transaction.
    @discardableResult
    public func query(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter] = []
    ) throws(PostgresError) -> PostgresResult {
        try requireUsable()
        let deadline = deadlineFromNow()
        try prepareIfNeeded(statement, parameters, until: deadline)
        try send(statement, parameters)
        return try onlyResult(until: deadline)
    }

    func prepareIfNeeded(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter], until deadline: ContinuousClock.Instant?
    ) throws(PostgresError) {
        guard needsPreparing(statement) else { return }
        try sendPrepare(statement, parameters)
        _ = try onlyResult(until: deadline)
        preparedStatements.insert(statement.id)
    }

    /// Called before anything is asked of the server.
    func requireUsable() throws(PostgresError) {
        takeStarted()
        guard isUsable else { throw lost(.connection, "the connection to Postgres is closed") }
    }

    func deadlineFromNow() -> ContinuousClock.Instant? {
        configuration.statementDeadline.map { ContinuousClock.now + $0 }
    }

    func needsPreparing(_ statement: PostgresStatement) -> Bool {
        configuration.preparesStatements && !preparedStatements.contains(statement.id)
    }

    func sendPrepare(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) throws(PostgresError) {
        let types = parameters.map(\.oid)
        guard PQsendPrepare(handle, statement.name, statement.sql, Int32(types.count), types) == 1 else { throw lost() }
    }

    func send(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) throws(PostgresError) {
        guard parameters.count <= Int(UInt16.max) else {
            throw PostgresError(.usage, "\(parameters.count) parameters; the protocol allows \(UInt16.max)")
        }
        let sent = withParameters(parameters) { values, lengths, formats in
            configuration.preparesStatements
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
}

// MARK: - Results

extension PostgresConnection {
    /// Waits for the next result of the current statement; nil when there are no more.
    func nextResult(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> OpaquePointer? {
        while true {
            let unsent = PQflush(handle)
            if unsent < 0 { throw lost() }
            if PQisBusy(handle) == 0 { return PQgetResult(handle) }
            let interest: SocketInterest = unsent == 0 ? .read : [.read, .write]
            guard waitForSocket(PQsocket(handle), interest, until: deadline) else {
                throw lost(.deadline, "no answer from Postgres within the statement deadline")
            }
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    /// Reads one statement's result and what follows it up to the end mark: outside a transaction the commit comes
    /// after the rows, and can fail although the statement succeeded.
    func onlyResult(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> PostgresResult {
        guard let first = try nextResult(until: deadline) else { throw lost() }
        let result = PostgresResult(first)
        var failure = Self.error(in: first)
        while let extra = try nextResult(until: deadline) {
            failure = failure ?? Self.error(in: extra)
            PQclear(extra)
        }
        if let failure { throw noting(failure) }
        return result
    }

    /// A server error that ends the session also ends the use of this object.
    func noting(_ error: PostgresError) -> PostgresError {
        if error.isConnectionLost { close() }
        return error
    }

    static func error(in result: OpaquePointer) -> PostgresError? {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_PIPELINE_SYNC, PGRES_EMPTY_QUERY: return nil
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: return PostgresError(.usage, "COPY is not supported")
        default: break
        }
        let state = field(result, pq_diag_sqlstate)
        let primary = field(result, pq_diag_message_primary)
        let text = PQresultErrorMessage(result).map { String(cString: $0).singleLine } ?? ""
        var error = PostgresError(state == nil ? .connection : .server, primary ?? text)
        error.sqlState = state
        error.detail = field(result, pq_diag_message_detail)
        error.hint = field(result, pq_diag_message_hint)
        error.constraint = field(result, pq_diag_constraint_name)
        return error
    }

    private static func field(_ result: OpaquePointer, _ code: Int32) -> String? {
        PQresultErrorField(result, code).map { String(cString: $0) }
    }
}
