/// Where Postgres is and how a connection to it behaves.
public struct PostgresConfiguration: Sendable {
    /// A connection URL or keyword string as libpq reads it. Empty: libpq's own `PG*` environment variables and
    /// defaults.
    public var url: String
    /// Shown in `pg_stat_activity`.
    public var applicationName: String
    /// How long to try one connect, all addresses together. Default 5 s.
    public var connectTimeout: Duration = .seconds(5)
    /// How long one statement, or one pipeline, may take before the connection is given up. nil waits for ever. Default
    /// 30 s.
    public var statementDeadline: Duration? = .seconds(30)
    /// Refuse a server that does not accept writes, such as a standby. Default false.
    public var readWriteOnly = false
    /// Keep statements prepared on the connection. A transaction pooler needs false. Default true.
    public var preparesStatements = true
    /// `SET` at connect, name and value, such as `("synchronous_commit", "on")`.
    public var sessionSettings: [(String, String)] = []
    /// Ask the server not to end the session for being idle, whatever its `idle_session_timeout` is. Default false.
    public var outlivesIdleTimeout = false

    public init(url: String, applicationName: String) {
        self.url = url
        self.applicationName = applicationName
    }
}

extension PostgresConfiguration {
    /// How long an unacknowledged packet may stay so before the kernel calls the peer dead.
    static let tcpUserTimeoutMilliseconds = 10_000

    /// libpq's keywords. `dbname` comes first so that the URL it may hold is expanded and the later keywords win over
    /// it.
    var keywords: [(String, String)] {
        var words: [(String, String)] = []
        if !url.isEmpty { words.append(("dbname", url)) }
        words.append(("fallback_application_name", "transactional-outbox"))
        words.append(("application_name", applicationName))
        words.append(("client_encoding", "UTF8"))
        words.append(("keepalives_idle", "5"))
        words.append(("keepalives_interval", "2"))
        words.append(("keepalives_count", "3"))
        words.append(("tcp_user_timeout", "\(Self.tcpUserTimeoutMilliseconds)"))
        if readWriteOnly { words.append(("target_session_attrs", "read-write")) }
        return words
    }
}
