/// The bounds of payments, each with its unit.
public enum PaymentsLimits {
    /// The most orders worked on at once that may be configured. Default 64.
    public static let maximumConcurrentOrders = 4_096
    /// The most orders known and not yet settled; beyond it nothing more is read from Kafka.
    public static let queuedOrders = 10_000
    /// How often an order's state is looked at in one go.
    static let stepsPerOrder = 64
    /// The first and the longest pause after a failure.
    static let minimumRetryMilliseconds = 50
    static let maximumRetryMilliseconds = 5_000
    /// How often offsets are committed to the group; what is read again after a crash is harmless.
    static let commitIntervalMilliseconds = 1_000
    /// Orders of one slice of a recovery pass; the next slice covers less time if there were more.
    static let slicePlacements = 1_000
    /// The first and the longest time that one slice of a recovery pass covers.
    static let minimumSliceSeconds: Int64 = 1
    static let maximumSliceSeconds: Int64 = 7 * 86_400
    /// How far the mark stays behind the clock: a transaction that committed events may have been open for so long.
    static let markMarginSeconds: Int64 = 3_600
    /// The pause before an order in payment_retry is tried again: doubling between these.
    static let firstRetrySeconds: Int64 = 5
    static let longestRetrySeconds: Int64 = 600
    /// How long a member that took orders from payment_retry has before others may.
    static let retryLeaseSeconds: Int64 = 60
    /// Orders taken from payment_retry at once.
    static let retriesPerRound: Int64 = 100
    /// How soon a pass that another member is doing is looked after again.
    static let passPause: Duration = .seconds(5)
}
