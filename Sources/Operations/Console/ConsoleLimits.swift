/// Every bound of the console, with its unit in the name.
enum ConsoleLimits {
    /// Statements per second that all open pages together may cost Postgres; nothing while no page is open.
    static let statementsPerSecond = 5.0
    /// Time between two statuses while a page listens, in milliseconds. One status serves all pages.
    static let statusMilliseconds = 2_000
    /// Time between two questions about the lag of the consumers while a page listens, in milliseconds.
    static let lagMilliseconds = 8_000
    /// The part of ``statementsPerSecond`` for lists that pages ask for again by themselves.
    static let refreshStatementsPerSecond = 1.5
    /// The longest pause of such lists after questions that took many statements, in seconds.
    static let longestRefreshSeconds = 4
    /// Answers that are kept for other pages.
    static let sharedAnswers = 64
    /// Time between two readings of the relay's metrics while nobody listens, in milliseconds.
    static let idleMilliseconds = 5_000
    /// How old a status may be to answer `/readyz`, in milliseconds.
    static let healthMilliseconds = 10_000
    /// How far back the charts go, in seconds, and the distance of their points.
    static let historySeconds = 900
    static let historyStepSeconds: Double = 5
    /// Pages that may listen to live updates at once; a further one is answered 503.
    static let listeners = 256

    /// Bytes of the login form.
    static let loginBytes = 4_096
    /// Connections to Postgres: one for the statuses, the others for the questions of pages.
    static let questionConnections = 2
    /// Questions that may wait for a connection; a further one is answered 503.
    static let waitingQuestions = 64
    /// Bytes of a request's body.
    static let bodyBytes = 2 << 20
    /// Characters of a reason.
    static let reasonCharacters = 500
    /// Bytes of an audit that are shown.
    static let reportBytes = 256 << 10
    /// Bytes of a report of drills, and its runs.
    static let drillReportBytes = 16 << 20
    static let drillRuns = 1_000
    /// Replays, and bulk actions, that the console runs at once; each has a connection.
    static let jobs = 4
    /// Rows per second of a replay that names no rate.
    static let replayRowsPerSecond = 1_000
    /// Connections of browsers at once. For a further one a quiet one is closed.
    static let connections = 512
    /// File descriptors that the process keeps for Postgres, Kafka, its threads and its log.
    static let reservedDescriptors = 80
}
