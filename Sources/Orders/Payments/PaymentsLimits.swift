/// The bounds of payments, each with its unit.
public enum PaymentsLimits {
    /// The most gateway calls at once that may be configured. Default 4,096.
    public static let maximumConcurrentCharges = 16_384
    /// The most commands that are executed by one call of the event store, and the most of one transaction.
    public static let commandsPerBatch = 1_024
    /// Calls of the event store at once: while the commands of one are being committed, the next are prepared.
    static let batchesInFlight = 2
    /// The gateway calls that may run at once before the gateway's latency is known.
    static let firstConcurrentCalls = 64
    /// By how much answers may be slower than twice the quickest ones before the gateway counts as congested: tasks of
    /// a busy process start late.
    static let latencySlack: Duration = .milliseconds(10)
    /// Rounds after which the quickest answer is looked for anew.
    static let roundsOfSpan = 16
    /// How long a statement may be silent before the connection counts as dead.
    public static let statementDeadline: Duration = .seconds(10)
    /// The same for the search for unsettled orders, which reads much of the table of events.
    static let searchDeadline: Duration = .seconds(60)
    /// The most messages taken over at once.
    public static let messagesPerBatch = 1_000
    /// The most orders known and not yet settled; beyond it nothing more is read from Kafka.
    static let queuedOrders = 20_000
    /// When this few are left, reading goes on. A pause makes the client fetch again what it had fetched ahead, so it
    /// must not come with every order.
    static let queuedOrdersToReadOn = 10_000
    /// How many steps one attempt to settle an order may take.
    static let stepsPerOrder = 64
    /// The pause after the first failed attempt of an order in a row.
    static let firstAttemptPause: Duration = .milliseconds(50)
    /// The longest pause between two attempts in a row.
    static let longestAttemptPause: Duration = .seconds(5)
    /// Orders of one slice of a recovery pass; the next slice covers less time if there were more.
    static let slicePlacements = 1_000
    /// The shortest time that one slice of a recovery pass covers.
    static let minimumSliceSeconds: Int64 = 1
    /// The longest time that one slice of a recovery pass covers.
    static let maximumSliceSeconds: Int64 = 7 * 86_400
    /// How far the mark stays behind the clock: a transaction that commits events may have been open for so long.
    static let markMarginSeconds: Int64 = 3_600
    /// The pause before an order in `payment_retry` is tried again; each further pause is twice as long.
    static let firstRetrySeconds: Int64 = 5
    /// The longest pause before an order in `payment_retry` is tried again.
    static let longestRetrySeconds: Int64 = 600
    /// How long a member that took orders from `payment_retry` has before other members may take them.
    static let retryLeaseSeconds: Int64 = 60
    /// The shortest time between two looks into `payment_retry`.
    static let minimumRetryPause: Duration = .milliseconds(50)
    /// Orders taken from `payment_retry` at once.
    static let retriesPerRound: Int64 = 100
    /// How soon a member tries again to begin a pass while another member does one.
    static let passPause: Duration = .seconds(5)
}
