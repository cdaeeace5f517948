/// The bounds of the projection, each with its unit.
public enum ProjectionLimits {
    /// The most messages applied in one transaction that may be configured. Default 60,000.
    public static let maximumBatchMessages = 100_000
    /// The most messages taken over at once: how soon a full batch is noticed.
    public static let messagesPerPoll = 2_000
    /// The longest gathering that may be configured. Default 250 ms.
    public static let longestGathering: Duration = .seconds(10)
    /// How long no message comes when the load is over. Longer than the pause between two cuts of the relay.
    static let quiet: Duration = .milliseconds(50)
    /// A batch of at least so many messages shows that messages come faster than they can be applied one by one.
    static let messagesOfBusyBatch = 200
    /// While fewer messages come, the load is over.
    static let messagesPerSecondUnderLoad = 4_000.0
    /// For how many times ``quiet`` no message comes when nobody is paying any more.
    static let quietsOfPayment = 4
    /// How long, in gatherings, an order that is being paid waits for its next event.
    static let gatheringsOfPayment = 5
    /// The most orders compared by one chunk of a healing walk that may be configured. Default 1,000.
    public static let maximumHealingChunkOrders = 10_000
    /// How long the wish for a healing walk waits at most, besides the batch in hand.
    static let healingLook: Duration = .seconds(5)
    /// How long a statement may be silent before the connection counts as dead.
    public static let statementDeadline: Duration = .seconds(10)
    /// The same for the statements of a healing walk, which read many histories.
    static let healingDeadline: Duration = .seconds(60)
    /// Orders that one step of a rebuild reads; batches wait meanwhile.
    static let rebuildChunkOrders = 500
    /// Into how many steps a second of a rebuild is divided, where its rate asks for fewer orders.
    static let rebuildStepsPerSecond = 5
    /// How many orders may have changed during a rebuild when the live table's writers are kept waiting for the switch.
    static let rebuildSwitchOrders = 10_000
    /// How long one statement of a rebuild may take; the connection goes on with batches then.
    static let rebuildStatementMilliseconds = 30_000
    /// How long the start and the switch wait for the transactions of other members, and for readers; members and
    /// readers queue up behind them.
    static let rebuildWriterLockMilliseconds = 10_000
    static let rebuildReaderLockMilliseconds = 250
    /// After so many seconds without a step another member takes a rebuild over.
    static let rebuildSilenceSeconds = 5
    /// The pause after a step that failed.
    static let rebuildRetryMilliseconds: Int64 = 2_000
    /// A row whose order changed within so many seconds may be behind its events.
    static let rebuildYoungSeconds = 60
    /// Differences that a receipt names.
    static let rebuildExamples = 20
    /// The longest NOTIFY payload that lists changed orders; Postgres refuses 8,000 bytes.
    static let notificationPayloadBytes = 7_900
    /// Positions appended by one member before it moves them to the other table and truncates.
    static let positionsPerRotation = 20_000
    /// How long a rotation waits for a reader of the positions before it is put off.
    static let rotationLockTimeoutMilliseconds = 50
    /// The years that a time in an event may lie in, as microseconds since 1970: 1970 to 9999.
    static let timesMicroseconds: ClosedRange<Int64> = 0...253_402_300_799_999_999
}
