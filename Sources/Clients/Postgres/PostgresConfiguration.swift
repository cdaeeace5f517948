public import Logging

/// The address of Postgres, and the settings of a connection to it.
public struct PostgresConfiguration: Sendable {
    /// A connection URL or keyword string as libpq reads it. Empty: libpq's own `PG*` environment variables and
    /// defaults.
    public var url: String
    /// Shown in `pg_stat_activity`.
    public var applicationName: String
    /// The time limit of one connect to one of the URL's hosts; then the next host is tried. The URL's
    /// `connect_timeout` wins. Default 5 s.
    public var connectTimeout: Duration = .seconds(PostgresLimits.connectSeconds)
    /// How long a statement, or a pipeline, may leave the connection without a byte: the time counts from the last byte
    /// that came, so an answer that keeps coming has no limit. After it the connection is given up. nil sets no limit.
    /// Default 30 s.
    public var statementDeadline: Duration? = .seconds(30)
    /// After how long without a byte a statement counts as late: a line in the log, a metric and readiness name it. nil
    /// for statements that may take any time. Default 2 s.
    public var lateAfter: Duration? = .seconds(PostgresLimits.lateSeconds)
    /// Refuse a server that does not accept writes, such as a standby. Default false.
    public var readWriteOnly = false
    /// Keep statements prepared on the connection. A transaction pooler needs false. Default true.
    public var preparesStatements = true
    /// Refuse a transaction pooler, which lends the sessions of its clients to each other, with code `pooler`. Default
    /// false.
    public var refusesTransactionPooler = false
    /// Which plans the planner may choose. Default ``PostgresPlans/chosenByServer``; a long-lived session that prepares
    /// statements on tables needs another.
    public var plans = PostgresPlans.chosenByServer
    /// `SET` at connect, behind the settings of ``plans``: name and value, such as `("synchronous_commit", "on")`.
    /// Default none.
    public var sessionSettings: [(String, String)] = []
    /// While a statement is silent for long, have another connection ask what its backend does, and give the connection
    /// up if the backend waits for its client: for statements without a deadline. No effect behind a pooler. Default
    /// false.
    public var watchesSilence = false
    /// Ask the server not to end the session for being idle, whatever its `idle_session_timeout` is. Default false.
    public var outlivesIdleTimeout = false
    /// Gets a warning about a late statement and about a clock that differs from the server's. Default nil: no log.
    public var logger: Logger?
    /// Answers in place of a server. For simulations; nil, the default, connects to a server.
    package var standIn: (@Sendable (PostgresConfiguration) throws(PostgresError) -> any PostgresStandIn)?

    /// Connects nowhere and checks nothing; see ``PostgresURL``.
    public init(url: String, applicationName: String) {
        self.url = url
        self.applicationName = applicationName
    }
}

extension PostgresConfiguration {
    /// libpq's keywords. Those before `dbname` are defaults that the URL overrides, because `dbname` holds the URL and
    /// libpq takes the last value of a keyword; those behind it win over the URL.
    ///
    /// - Parameter host: the one of the URL's hosts to connect to; nil leaves the choice to libpq.
    func keywords(_ host: PostgresHost? = nil) -> [(String, String)] {
        var words = [
            ("fallback_application_name", "transactional-outbox"),
            ("keepalives", "1"),
            ("keepalives_idle", "\(PostgresLimits.keepaliveIdleSeconds)"),
            ("keepalives_interval", "\(PostgresLimits.keepaliveIntervalSeconds)"),
            ("keepalives_count", "\(PostgresLimits.keepaliveCount)"),
            ("tcp_user_timeout", "\(PostgresLimits.tcpUserTimeoutMilliseconds)"),
        ]
        if !url.isEmpty { words.append(("dbname", url)) }
        words.append(("application_name", applicationName))
        words.append(("client_encoding", "UTF8"))
        if readWriteOnly { words.append(("target_session_attrs", "read-write")) }
        if let host {
            words.append(("host", host.name))
            if let port = host.port { words.append(("port", port)) }
        }
        return words
    }
}
