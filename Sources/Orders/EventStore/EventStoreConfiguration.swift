/// The bounds of an event store. Every default was chosen by measurement or says why.
public struct EventStoreConfiguration: Sendable {
    // MARK: - Lanes

    /// Connections that append. All commands for one order use the same one. Measured with 1,024 clients on two cores,
    /// orders per second: 1 lane 15,000, 2 lanes 18,000, 3 lanes 16,800, 4 lanes 15,400.
    public var writeLanes = 2
    /// Connections that read. They are apart from the appending ones, so that a read never waits for a commit.
    public var readLanes = 1
    /// The most commands in one transaction. Measured as above, with 2 lanes: 32 commands 9,300 orders per second, 64
    /// 14,100, 128 18,000, 256 21,700, 512 19,400.
    public var maximumCommandsPerBatch = 256
    /// The most orders loaded by one query.
    public var maximumReadsPerBatch = 128
    /// The most commands that wait for one lane; further commands are refused at once.
    public var maximumQueuedPerLane = 4096
    /// The pause that a refused client is told, in ``EventStoreError/overloaded(retryAfter:)``.
    public var retryAfter: Duration = .seconds(1)

    // MARK: - Retries

    /// How often a command is decided before it fails with ``EventStoreError/contention(attempts:)``: each time another
    /// writer appended to the order first.
    public var maximumAttempts = 8
    /// How often a batch is sent after a serialization failure, a lack of resources or a cancelled statement.
    public var maximumBatchRetries = 5
    /// How long Postgres may take to answer a batch or a query. After that the connection is closed, the waiting
    /// requests are refused, and new ones are refused at once until Postgres answers again. Longer than
    /// ``lockTimeout``.
    public var answerLimit: Duration = .seconds(10)
    /// How long a store tries to learn the outcome of a commit after its connection was lost; then the command fails
    /// with ``EventStoreError/outcomeUnknown(_:)``.
    public var settleLimit: Duration = .seconds(20)
    /// The first pause between two attempts to connect; above zero. It doubles up to ``maximumReconnectDelay``.
    public var minimumReconnectDelay: Duration = .milliseconds(50)
    /// The longest pause between two attempts to connect; at least ``minimumReconnectDelay``.
    public var maximumReconnectDelay: Duration = .seconds(2)

    // MARK: - Locks

    /// How long an append waits for a lock of another transaction before it gives up on the order concerned. Longer
    /// than the second after which Postgres looks for deadlocks.
    public var lockTimeout: Duration = .seconds(3)
    /// The lock timeout while a batch that met a lock is split to find the order concerned. It is short because the
    /// batch has waited once already; a command that is not served within it counts as a lost attempt and is decided
    /// again with the full ``lockTimeout``.
    public var splitLockTimeout: Duration = .milliseconds(25)
    /// How long a batch that met a lock is split before the remaining commands count as having lost, too. Without this
    /// bound a lock on the whole table would make every command of the batch wait on its own.
    public var splitLimit: Duration = .seconds(5)
    /// How long a stopping store lets accepted commands finish.
    public var drainLimit: Duration = .seconds(10)

    // MARK: - Caches and keys

    /// The most order states that one lane caches.
    public var maximumCachedOrdersPerLane = 1024
    /// The fewest events of an order whose state is cached: with fewer events, loading them all costs no more than
    /// checking the cached state.
    public var minimumEventsToCache: Int64 = 32
    /// Whether the store removes expired idempotency keys; not needed where no command comes with a key.
    public var removesExpiredKeys = true
    /// How long an idempotency key is stored.
    public var idempotencyRetention: Duration = .seconds(24 * 3600)
    /// The pause between two removals of expired idempotency keys.
    public var cleanupInterval: Duration = .seconds(60)
    /// The most idempotency keys removed by one statement, so that a cleanup holds its locks for a short time only.
    public var maximumKeysPerCleanup = 1000

    /// The defaults above.
    public init() {}
}
