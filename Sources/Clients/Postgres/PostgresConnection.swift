import CLibPQ

/// One connection to Postgres.
///
/// Synchronous and not Sendable: it lives on one ``Threads/ThreadExecutor`` and blocks that thread, in `poll` on the
/// socket, never inside libpq. A connection that failed is not repaired; ``isUsable`` turns false and the owner opens
/// another.
public final class PostgresConnection {
    let handle: OpaquePointer
    let configuration: PostgresConfiguration
    /// Identifiers of the statements that this backend knows.
    var preparedStatements: Set<Int> = []
    /// Parameter bytes on their way into libpq; kept to reuse the memory.
    var scratch: [UInt8] = []
    /// A statement whose answer was not taken in yet.
    var running: PostgresStarted?
    private var isBroken = false

    /// Connects and applies the session settings.
    ///
    /// - Throws: ``PostgresError`` with code `connection` (server away, still starting, wrong password), `deadline` or
    ///   `usage`.
    public init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        self.configuration = configuration
        self.handle = try Self.start(configuration)
        do {
            try Self.finishConnecting(handle, timeout: configuration.connectTimeout)
            PQsetnonblocking(handle, 1)
            try applySessionSettings()
        } catch {
            isBroken = true
            throw error
        }
    }

    deinit {
        PQfinish(handle)
    }

    /// Whether statements can still be sent.
    public var isUsable: Bool { !isBroken && PQstatus(handle) == CONNECTION_OK }

    /// The server process that serves this connection, as `pg_backend_pid()` says.
    public var backendPID: Int32 { PQbackendPID(handle) }

    /// The server's version, such as 150020 for 15.20.
    public var serverVersion: Int { Int(PQserverVersion(handle)) }

    /// A parameter the server reports unasked, such as `server_version` or `in_hot_standby`.
    public func serverParameter(_ name: String) -> String? {
        PQparameterStatus(handle, name).map { String(cString: $0) }
    }

    /// Gives the connection up; the socket closes when the object goes.
    public func close() {
        isBroken = true
    }

    /// The socket, for a caller who polls several things at once.
    public var fileDescriptor: Int32 { PQsocket(handle) }

    /// Quotes `name` as an SQL identifier.
    public static func quoteIdentifier(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// Quotes `value` as an SQL string literal, for statements that take no parameters.
    public static func quoteLiteral(_ value: String) -> String {
        let doubled = value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        return value.contains("\\")
            ? "E'" + doubled.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\") + "'"
            : "'" + doubled + "'"
    }
}

// MARK: - Connecting

extension PostgresConnection {
    private static func start(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpaquePointer {
        let words = configuration.keywords
        guard
            let handle = withCStrings(
                words.map(\.0),
                { names in
                    withCStrings(words.map(\.1)) { values in PQconnectStartParams(names, values, 1) }
                })
        else {
            throw PostgresError(.connection, "out of memory in libpq")
        }
        // Notices would go to standard error; what matters comes back as an error.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        return handle
    }

    private static func finishConnecting(_ handle: OpaquePointer, timeout: Duration) throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        var phase = PGRES_POLLING_WRITING
        while true {
            switch phase {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_FAILED: throw connectionError(handle)
            default: break
            }
            if PQstatus(handle) == CONNECTION_BAD { throw connectionError(handle) }
            let interest: SocketInterest = phase == PGRES_POLLING_READING ? .read : .write
            guard waitForSocket(PQsocket(handle), interest, until: deadline) else {
                throw PostgresError(.deadline, "no connection to Postgres within \(timeout)")
            }
            phase = PQconnectPoll(handle)
        }
    }

    private static func connectionError(_ handle: OpaquePointer) -> PostgresError {
        let text = PQerrorMessage(handle).map { String(cString: $0) } ?? "unknown"
        // libpq looks at a setting, and speaks of what follows from it.
        let cause =
            text.contains("session is read-only")
            ? " (it is a standby, or default_transaction_read_only is on for this role, database or server)" : ""
        return PostgresError(.connection, text.singleLine + cause)
    }

    private func applySessionSettings() throws(PostgresError) {
        var script = configuration.sessionSettings.map { name, value in "SET \(name) = \(Self.quoteLiteral(value))" }
        if configuration.outlivesIdleTimeout, serverVersion >= 140_000 { script.append("SET idle_session_timeout = 0") }
        guard !script.isEmpty else { return }
        try execute(script.joined(separator: ";"))
    }

    /// Marks the connection as lost and says why.
    func lost(_ code: PostgresError.Code = .connection, _ message: String? = nil) -> PostgresError {
        isBroken = true
        let text = PQerrorMessage(handle).map { String(cString: $0).singleLine } ?? ""
        return PostgresError(code, message ?? (text.isEmpty ? "the connection was lost" : text))
    }
}

/// Calls `body` with a NULL-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8CString)
    }
    return bytes.withUnsafeBufferPointer { buffer in
        var pointers: [UnsafePointer<CChar>?] = offsets.map { offset in buffer.baseAddress?.advanced(by: offset) }
        pointers.append(nil)
        return body(pointers)
    }
}

extension String {
    /// libpq ends its messages with a line feed and spreads them over several lines.
    var singleLine: String {
        split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
