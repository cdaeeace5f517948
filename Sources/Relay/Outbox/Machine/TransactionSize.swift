/// How many rows one Kafka transaction has: so many that its end costs little, and so few that it is over soon.
///
/// At the end of a transaction nothing more can be sent: the rows under way are waited for, and the brokers commit.
/// This takes its time whatever the number of rows. So a transaction that was full and spent much of its time on its
/// end is followed by a larger one.
///
/// Pure: it is told the time.
struct TransactionSize: Sendable {
    /// Rows after which a transaction ends; a cut's last row ends it earlier.
    private(set) var rows = Self.leastRows
    private var beganAt: ContinuousClock.Instant?
    private var sealedAt: ContinuousClock.Instant?

    static let leastRows = OutboxLimits.rowsPerChunk
    static let mostRows = OutboxLimits.rowsPerTransaction
    /// The end may take this part of a transaction.
    static let endShare = 1.0 / 8
    /// Readers of committed messages wait for a whole transaction, so it becomes no longer than this.
    static let longest = Duration.milliseconds(OutboxLimits.transactionMilliseconds)
    private static let growth = 4

    /// The first row is being offered.
    mutating func begins(at now: ContinuousClock.Instant) { (beganAt, sealedAt) = (now, nil) }

    /// All rows are offered: what follows is the end.
    mutating func isSealed(at now: ContinuousClock.Instant) { sealedAt = now }

    /// The transaction had this many rows and is committed.
    mutating func isCommitted(_ count: Int, at now: ContinuousClock.Instant) {
        defer { (beganAt, sealedAt) = (nil, nil) }
        guard let beganAt, let sealedAt, now > beganAt else { return }
        let took = now - beganAt
        if count < rows || took > Self.longest {
            rows = max(Self.leastRows, rows / 2)
        } else if (now - sealedAt) / took > Self.endShare {
            let longer = Int(min(Self.longest / took, Double(Self.growth)))
            rows = min(rows * max(1, longer), Self.mostRows)
        }
    }
}
