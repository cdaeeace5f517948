/// The address of Postgres, and the settings of a connection to it.
public struct PostgresConfiguration: Sendable {
    /// A connection URL or keyword string as libpq reads it. Empty: libpq's own `PG*` environment variables and
    /// defaults.
    public var url: String
    /// Shown in `pg_stat_activity`.
    public var applicationName: String
    /// The time limit of one connect, all addresses together. Default 5 s.
    public var connectTimeout: Duration = .seconds(5)
    /// The time limit of one statement, or of one pipeline; after it the connection is given up. nil sets no limit.
    /// Default 30 s.
    public var statementDeadline: Duration? = .seconds(30)
    /// Refuse a server that does not accept writes, such as a standby. Default false.
    public var readWriteOnly = false
    /// Keep statements prepared on the connection. A transaction pooler needs false. Default true.
    public var preparesStatements = true
    /// Which plans the planner may choose. Default ``PostgresPlans/chosenByServer``; a long-lived session that prepares
    /// statements on tables needs another.
    public var plans = PostgresPlans.chosenByServer
    /// `SET` at connect, behind the settings of ``plans``: name and value, such as `("synchronous_commit", "on")`.
    /// Default none.
    public var sessionSettings: [(String, String)] = []
    /// Ask the server not to end the session for being idle, whatever its `idle_session_timeout` is. Default false.
    public var outlivesIdleTimeout = false

    /// Connects nowhere and checks nothing; see ``PostgresURL``.
    public init(url: String, applicationName: String) {
        self.url = url
        self.applicationName = applicationName
    }
}

extension PostgresConfiguration {
    /// The time after which the kernel gives up a connection whose packets are not acknowledged.
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
