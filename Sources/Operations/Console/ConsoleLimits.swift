/// Every bound of the console, with its unit in the name.
enum ConsoleLimits {
    /// Time between two statuses while a page listens, in milliseconds. One status serves all pages.
    static let statusMilliseconds = 2_000
    /// The same while nobody listens, for the charts alone.
    static let idleStatusMilliseconds = 5_000
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
    /// Connections of browsers at once. For a further one a quiet one is closed.
    static let connections = 512
    /// File descriptors that the process keeps for Postgres, Kafka, its threads and its log.
    static let reservedDescriptors = 80
}
