import CLibPQ
import Glibc
import Threads
import Values

/// The steps of a connect, and the wait for a socket, on libpq's handle alone.
enum PostgresConnecting {
    /// Connects to the first host that takes the connection; blocks. The caller finishes the handle with `PQfinish`.
    ///
    /// libpq goes to the next host only when one refuses, and a host that is off refuses nothing: each host therefore
    /// has a time limit of its own.
    ///
    /// - Throws: ``PostgresError`` of the last host, with code `connection` or `deadline`. With several hosts its
    ///   message has all reasons.
    static func connect(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpaquePointer {
        let address = PostgresAddress(configuration.url)
        let timeout = address.connectTimeout ?? configuration.connectTimeout
        var reasons: [String] = []
        var last: PostgresError?
        for host in address.hosts {
            do {
                return try connect(configuration, host, timeout)
            } catch {
                reasons.append(error.message)
                last = error
            }
        }
        guard !address.hosts.isEmpty, var last else { return try connect(configuration, nil, timeout) }
        last.message = reasons.joined(separator: "; ")
        throw last
    }

    private static func connect(
        _ configuration: PostgresConfiguration, _ host: PostgresHost?, _ timeout: Duration
    ) throws(PostgresError) -> OpaquePointer {
        let handle = try start(configuration.keywords(host))
        do {
            try finish(handle, timeout: timeout)
            return handle
        } catch {
            PQfinish(handle)
            guard let host, error.code == .deadline else { throw error }
            throw PostgresError(.deadline, "no connection to \(host.name) within \(DurationText.words(timeout))")
        }
    }

    /// Begins to connect. The caller finishes the handle with `PQfinish`.
    private static func start(_ words: [(String, String)]) throws(PostgresError) -> OpaquePointer {
        guard
            let handle = withCStrings(
                words.map(\.0),
                { names in
                    withCStrings(words.map(\.1)) { values in PQconnectStartParams(names, values, 1) }
                })
        else {
            throw PostgresError(.connection, "out of memory in libpq")
        }
        // libpq would print notices to standard error. What matters comes back as an error, but for one: see
        // ``StandbyWait``.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        return handle
    }

    /// Blocks until the connection is made.
    ///
    /// - Throws: ``PostgresError`` with code `connection`, or `deadline` after `timeout`.
    private static func finish(_ handle: OpaquePointer, timeout: Duration) throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        var phase = PGRES_POLLING_WRITING
        while true {
            switch phase {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_FAILED: throw failure(handle)
            default: break
            }
            if PQstatus(handle) == CONNECTION_BAD { throw failure(handle) }
            let reads = phase == PGRES_POLLING_READING
            guard wait(handle, toRead: reads, toWrite: !reads, until: deadline) else {
                throw PostgresError(.deadline, "no connection to Postgres within \(DurationText.words(timeout))")
            }
            phase = PQconnectPoll(handle)
        }
    }

    /// Blocks until the socket is ready or in error.
    ///
    /// - Returns: false when the deadline passed first. A socket that cannot be waited for counts as ready: the next
    ///   call of libpq reports the error.
    static func wait(
        _ handle: OpaquePointer, toRead: Bool = true, toWrite: Bool, until deadline: ContinuousClock.Instant?
    ) -> Bool {
        let interest = (toRead ? POLLIN : 0) | (toWrite ? POLLOUT : 0)
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(interest), revents: 0)
        return PollLoop.wait(&descriptor, until: deadline) != .timedOut
    }

    /// The last message of libpq, in one line; empty if there is none.
    static func message(_ handle: OpaquePointer) -> String {
        PQerrorMessage(handle).map { Escaping.singleLine(String(cString: $0)) } ?? ""
    }

    private static func failure(_ handle: OpaquePointer) -> PostgresError {
        let text = message(handle)
        // libpq names the setting that it found, and not its meaning.
        let cause =
            text.contains("session is read-only")
            ? " (it is a standby, or default_transaction_read_only is on for this role, database or server)" : ""
        return PostgresError(.connection, (text.isEmpty ? "unknown" : text) + cause)
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
