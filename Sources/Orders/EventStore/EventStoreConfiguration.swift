/// The bounds of an event store. Every default was chosen by measurement or says why.
public struct EventStoreConfiguration: Sendable {
    /// How many connections append. One order's commands always go through the same one. Measured with 1,024 clients on
    /// two cores, orders per second: 1 lane 15,000, 2 lanes 18,000, 3 lanes 16,800, 4 lanes 15,400.
    public var writeLanes = 2
    /// How many connections read, apart from the appending ones so that a read never waits for a commit.
    public var readLanes = 1
    /// The most commands in one transaction. Measured likewise, with 2 lanes: 32 commands 9,300 orders per second, 64
    /// 14,100, 128 18,000, 256 21,700, 512 19,400.
    public var maximumCommandsPerBatch = 256
    /// The most orders loaded by one query.
    public var maximumReadsPerBatch = 128
    /// The most commands that wait for one lane; more are refused at once.
    public var maximumQueuedPerLane = 4096
    /// What a refused client is told to wait.
    public var retryAfter: Duration = .seconds(1)
    /// How often a command is decided anew after others were faster.
    public var maximumAttempts = 8
    /// How often a batch is sent again after a serialization failure, a lack of resources or a cancelled statement.
    public var maximumBatchRetries = 5
    /// How long Postgres may take to answer a batch or a query before it counts as hung: that connection is given up,
    /// everybody who waits is refused, and others are refused at once until Postgres answers again. Longer than
    /// ``lockTimeout``.
    public var answerLimit: Duration = .seconds(10)
    /// How long the fate of a commit is asked for after its connection was lost, before it is reported as unknown.
    public var settleLimit: Duration = .seconds(20)
    /// The first pause between two attempts to connect; it doubles up to ``maximumReconnectDelay``.
    public var minimumReconnectDelay: Duration = .milliseconds(50)
    public var maximumReconnectDelay: Duration = .seconds(2)
    /// How long an append waits for somebody else's open transaction before it gives up on the order concerned. Longer
    /// than the second after which Postgres looks for deadlocks.
    public var lockTimeout: Duration = .seconds(3)
    /// The same while a batch that met such a lock is split to find out whose order it is: short, because the batch has
    /// waited once. Whoever is not served within it only loses a race and is decided again, with all patience.
    public var splitLockTimeout: Duration = .milliseconds(25)
    /// How long a batch that met a lock is split before the rest counts as having lost too. A lock on the whole table
    /// would otherwise make every command of the batch wait on its own.
    public var splitLimit: Duration = .seconds(5)
    /// How long a stopping store lets accepted commands finish.
    public var drainLimit: Duration = .seconds(10)
    /// The most order states that one lane keeps for orders with many events.
    public var maximumCachedOrdersPerLane = 1024
    /// An order's state is kept once it has this many events: below, loading all events costs no more than checking the
    /// kept state.
    public var minimumEventsToCache: Int64 = 32
    /// How long an idempotency key is remembered.
    public var idempotencyRetention: Duration = .seconds(24 * 3600)
    /// How often expired idempotency keys are removed.
    public var cleanupInterval: Duration = .seconds(60)
    /// The most idempotency keys removed by one statement, so that no cleanup holds anything for long.
    public var maximumKeysPerCleanup = 1000

    public init() {}
}
