/// Something that keeps rows from flowing, and who is behind it.
public struct Blocker: Codable, Sendable {
    /// The kinds of obstacles; the raw values are part of the JSON.
    public enum Kind: String, Codable, Sendable {
        /// No relay has a valid lease.
        case noRelay = "no_relay"
        /// An operator has paused the relay.
        case paused
        /// A statement of the relay waits for a lock of another session.
        case lock
        /// The relay has a valid lease, rows wait, and its checkpoint does not move.
        case relayStalled = "relay_stalled"
        /// The relay's own health endpoint says what is in its way.
        case service
        /// A session has written to the outbox and not committed: its rows wait, and no others.
        case uncommitted
        /// The same of a prepared transaction.
        case prepared
    }

    /// The kind of obstacle.
    public var kind: Kind
    /// One sentence.
    public var summary: String
    /// The session in Postgres; nil if it is none.
    public var session: DatabaseSession?
    /// Since when it is there; nil if unknown.
    public var since: Moment?
}

/// A session in Postgres, as `pg_stat_activity` shows it. A role without `pg_read_all_stats` does not see what sessions
/// of other roles run, nor since when.
public struct DatabaseSession: Codable, Sendable {
    /// The process of the session.
    public var pid: Int32
    /// Its role.
    public var user: String?
    /// The name that it gave itself.
    public var application: String?
    /// Of the client; nil for a local socket.
    public var address: String?
    /// `active`, `idle in transaction` and others.
    public var state: String?
    /// nil if it has written nothing.
    public var transactionId: String?
    /// When its transaction began.
    public var transactionSince: Moment?
    /// Since when it is in this state.
    public var stateSince: Moment?
    /// The beginning of its last statement.
    public var query: String?

    /// `pid 4711, user app, application psql (10.0.0.7), idle in transaction: UPDATE …`
    public var words: String {
        var parts = ["pid \(pid)"]
        if let user { parts.append("user \(user)") }
        if let application, !application.isEmpty { parts.append("application \(application)") }
        if let address { parts.append("at \(address)") }
        if let state { parts.append(state) }
        return parts.joined(separator: ", ") + (query.map { $0.isEmpty ? "" : ": \($0)" } ?? "")
    }

    /// The columns of `a`, a row of `pg_stat_activity`, in the order of ``init(_:)``.
    static let columns = """
        a.pid, a.usename::text, a.application_name, host(a.client_addr), a.state, a.backend_xid::text,
        a.xact_start AS transaction_since, a.state_change,
        left(regexp_replace(a.query, '\\s+', ' ', 'g'), \(OperationsLimits.queryCharacters))
        """

    init(_ row: inout RowCursor) throws {
        pid = try row.int32()
        user = try row.optionalText()
        application = try row.optionalText()
        address = try row.optionalText()
        state = try row.optionalText()
        transactionId = try row.optionalText()
        transactionSince = try row.optionalMoment()
        stateSince = try row.optionalMoment()
        query = try row.optionalText()
    }
}
