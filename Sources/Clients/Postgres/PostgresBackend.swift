/// The server process of a connection, told apart from a later process with the same number: what another connection
/// can learn of it, and how that connection ends it.
public struct PostgresBackend: Equatable, Sendable {
    /// The process id, as `pg_backend_pid()` says.
    public let pid: Int32
    /// Microseconds since 1970 by the server's clock.
    public let startedAt: Int64

    /// A process that is known already.
    public init(pid: Int32, startedAt: Int64) {
        self.pid = pid
        self.startedAt = startedAt
    }

    private enum Column: Int { case pid, startedAt }

    private static let own: PostgresStatement = """
        SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()
        """
    /// What the process does: `busy` with a statement, `silent` because it waits for its client, or `gone`. A process
    /// that sends its answer waits for the client too. Where the server does not track its sessions, `unknown`.
    private static let activity: PostgresStatement = """
        SELECT coalesce((
            SELECT CASE WHEN state IS NULL OR state = 'disabled' THEN 'unknown'
                        WHEN state LIKE 'idle%' OR wait_event_type = 'Client' THEN 'silent' ELSE 'busy' END
            FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2), 'gone')
        """
    private static let end: PostgresStatement = """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE pid = $1 AND backend_start = $2 AND pid <> pg_backend_pid()
        """
    /// Since Postgres 14. The process is gone when the statement returns, or has not obeyed within the time.
    private static let endAndWait: PostgresStatement = """
        SELECT count(pg_terminate_backend(pid, $3)) FROM pg_stat_activity
        WHERE pid = $1 AND backend_start = $2 AND pid <> pg_backend_pid()
        """

    /// The process that serves the connection. Not behind a transaction pooler, where it changes.
    public static func own(_ connection: PostgresConnection) throws(PostgresError) -> PostgresBackend {
        let row = try connection.query(own)
        return PostgresBackend(
            pid: try row.int32(0, Column.pid.rawValue),
            startedAt: try row.timestampMicroseconds(0, Column.startedAt.rawValue))
    }

    /// Whether a client that still waits for the process's answer waits in vain, as another connection sees it.
    public func isSilent(_ connection: PostgresConnection) throws(PostgresError) -> Bool {
        ["silent", "gone"].contains(try connection.query(Self.activity, parameters).string(0, 0))
    }

    /// Ends the process if it is still there: it does not know that its client has given the connection up, and keeps
    /// its locks. Waits up to ``PostgresLimits/endBackendMilliseconds`` for its end, since Postgres 14.
    public func end(_ connection: PostgresConnection) throws(PostgresError) {
        if connection.serverVersion >= 140_000 {
            try connection.query(Self.endAndWait, parameters + [.int8(Int64(PostgresLimits.endBackendMilliseconds))])
        } else {
            try connection.query(Self.end, parameters)
        }
    }

    private var parameters: [PostgresParameter] { [.int4(pid), .timestamp(microsecondsSince1970: startedAt)] }
}
