/// Every bound of this module, with its unit in the name.
public enum DrillLimits {
    /// How many drills run at a time.
    public static let atOnce = 1...4
    /// How long a server or a service may take to start, in seconds.
    static let startSeconds = 60
    /// How long a process may take to end after SIGTERM, in seconds.
    static let stopSeconds = 30
    /// How long the stack may take after the fault until nothing is on its way, in seconds.
    static let drainSeconds = 90
    /// The same where the stack is broken on purpose.
    static let mutantDrainSeconds = 15
    /// How often a state is asked for that no signal tells, in milliseconds.
    static let lookMilliseconds = 50
    /// The longest wait of a client in a drill that leaves the server and Postgres alone, in seconds.
    static let clientWaitSeconds = 3.0
    /// How long a relay's transaction may be idle, and in a drill where a relay stands still, in seconds.
    static let idleTransactionSeconds = 3.0
    static let stoppedTransactionSeconds = 15.0
    /// How long a service may take to say that it is not ready when a part that it needs is away, and to say that it is
    /// ready again when all is well, in seconds.
    static let noticeSeconds = 3.0
    /// The same for a consumer: without messages it looks at Postgres every five seconds.
    static let consumerNoticeSeconds = 7.0
    static let readySeconds = 20
    /// Rows that wait although the relay says that none does, and for how long it may say so, in rows and seconds.
    static let unseenRows = 100
    static let unseenSeconds = 8.0
    /// How long a health endpoint may take to answer, in milliseconds.
    static let probeMilliseconds = 400
    /// Dead rows of a table that nothing updates, besides those that a fault has rolled back itself.
    static let deadRows = 1_000
    /// Dead rows of the relay's checkpoint: twice what one of its two tables takes.
    static let deadCheckpointRows = 10_000
    /// The distance of two points of a timeline, in milliseconds.
    static let sampleMilliseconds = 250
    /// How long a client waits for an answer before it asks again with the same key, in milliseconds.
    static let answerMilliseconds = 5_000
    /// The pause of a client between two orders and after a failure, in milliseconds.
    static let clientPauseMilliseconds = 10
    /// Clients of REST, and as many of gRPC.
    static let clients = 3
    /// Orders that have to be acknowledged before the fault and after it.
    static let ordersAround = 100
    /// The same while a part is away that clients should not miss.
    static let ordersMeanwhile = 8
    /// The lease of a drill's relays, in seconds: short, so that a takeover need not be waited for.
    static let leaseSeconds = 4
    /// Bytes of an answer that a client reads.
    static let answerBytes = 64 << 10
    /// Violations that are told of one drill; beyond, they are counted.
    static let violationsTold = 20
    /// Minutes of mixed faults.
    public static let minutes = 1...600
}

/// Why a drill could not be run: nothing was found to be wrong with the system.
public struct DrillError: Error, Sendable, CustomStringConvertible {
    /// One sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}
