import Postgres

/// The server process of one of this relay's connections, told apart from a later process with the same number.
struct Backend: Equatable, Sendable {
    let pid: Int32
    /// Microseconds since 1970 by the server's clock.
    let startedAt: Int64

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
    static func own(_ connection: PostgresConnection) throws -> Backend {
        let row = try connection.query(own)
        return Backend(
            pid: try row.int32(0, Column.pid), startedAt: try row.timestampMicroseconds(0, Column.startedAt.rawValue))
    }

    /// Whether a client that still waits for the process's answer waits in vain, as another connection sees it.
    func isSilent(_ connection: PostgresConnection) throws -> Bool {
        ["silent", "gone"].contains(try connection.query(Self.activity, parameters).string(0, 0))
    }

    /// Ends the process if it is still there: it does not know that its client has given the connection up, and keeps
    /// its locks.
    func end(_ connection: PostgresConnection) throws {
        if connection.serverVersion >= 140_000 {
            try connection.query(Self.endAndWait, parameters + [.int8(Int64(OutboxLimits.endBackendMilliseconds))])
        } else {
            try connection.query(Self.end, parameters)
        }
    }

    private var parameters: [PostgresParameter] { [.int4(pid), .timestamp(microsecondsSince1970: startedAt)] }
}
