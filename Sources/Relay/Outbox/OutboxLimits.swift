/// Every bound of this module, with its unit.
public enum OutboxLimits {
    /// Rows of one chunk: what is fetched at once and checkpointed together.
    public static let rowsPerChunk = 8_000
    /// Rows of the first chunk of a session, before it is known how large rows are.
    public static let rowsOfFirstChunk = 1_000
    /// Rows that are read one by one from where one of them cannot be read.
    public static let rowsReadSingly = 500
    /// Payload bytes after which a chunk ends, whatever its rows; one larger row makes a chunk of its own.
    public static let bytesPerChunk = 4 << 20
    /// Rows offered to the publisher and not yet settled.
    public static let rowsInFlight = 40_000
    /// A cut of at most this many rows is read by transaction id and sorted; a larger one is walked by outbox id.
    public static let rowsOfSmallCut = 5_000
    /// Rows of small cuts in succession that need not wait for the disk where what they publish is on it: what a crash
    /// of Postgres may repeat besides the last cut.
    public static let rowsFlushedLater = 500
    /// Moves of the checkpoint row before it changes to its twin table; about a megabyte of dead rows.
    public static let movesPerCheckpointTwin = 5_000
    /// How long one try for the sleep lock waits. A waiter's snapshot holds back vacuum, so tries are short.
    public static let sleepLockTryMilliseconds = 250
    /// First and longest pause between the cuts made while waiting for the sleep lock, in milliseconds.
    public static let firstFallingAsleepMilliseconds = 1
    public static let longestFallingAsleepMilliseconds = 200
    /// How long a relay that is asleep leaves a drained cut unfinished, so that finishing it and taking the next are
    /// one statement, in milliseconds. A crash meanwhile repeats the cut's rows.
    public static let unfinishedMilliseconds = 20
    /// How long after the beginning of a cut a busy relay takes the next, in milliseconds: what a row then waits at
    /// most, and what keeps the cuts from taking the processors from the writers.
    public static let cutSpacingMilliseconds = 20
    /// Cuts in succession that look busy after which the relay gives up the sleep lock; doubled for each time that it
    /// was a false alarm, up to so many times.
    public static let cutsUntilAwake = 32
    public static let falseAlarmsCounted = 5
    /// Young transactions in progress that make a cut look busy: that many would queue to notify.
    public static let writersUntilAwake = 4
    /// Rows of one cut after which the relay gives up the sleep lock at once.
    public static let rowsUntilAwake = 1_000
    /// A busy relay looks after so many cuts how many rows they had. With fewer than these, a thousand per second, it
    /// falls asleep: then notifying costs the writers little.
    public static let cutsPerLookAtRate = 12
    public static let rowsPerLookAtRate = 250
    /// How often a standby tries to lead, in milliseconds.
    public static let standbyTryMilliseconds = 1_000
    /// First and longest pause before connecting again, in milliseconds.
    public static let firstReconnectMilliseconds = 50
    public static let longestReconnectMilliseconds = 2_000
    /// How long SIGTERM waits for what is in flight, in milliseconds.
    public static let stopMilliseconds = 10_000
    /// How often, after that time, a statement that is still under way is cancelled, in milliseconds.
    public static let cancelMilliseconds = 200
    /// After how long without a sign of life the working thread counts as hung, in seconds, and the lease is not
    /// renewed.
    public static let hangSeconds = 120
    /// The longest a thread that waits goes without a sign of life, in seconds.
    public static let signOfLifeSeconds = 30
    /// How long an action of the working thread takes before the leading thread asks Postgres who blocks it, in
    /// milliseconds.
    public static let blockedMilliseconds = 2_000
    /// How often a standby asks who leads, in tries.
    public static let triesPerLookAtLeader = 10
    /// While a cut is being drained, how often the rows that wait are counted, in milliseconds, and up to how many
    /// exactly; beyond, the distance of ids is the estimate.
    public static let backlogLookMilliseconds = 5_000
    public static let rowsOfBacklogCounted = 10_000
    /// How long the look for a transaction pooler waits for a notification, in milliseconds.
    public static let listenProbeMilliseconds = 2_000
    /// How long one statement of the working thread may take, in seconds; finding where a huge backlog begins is the
    /// longest.
    public static let workStatementSeconds = 100
    /// Rows offered between two looks at the lease, so that a relay that was stopped and continued notices soon.
    public static let rowsPerLeaseLook = 256
    /// How long one call to open a transactional publisher, to read its record back or to commit may take, in
    /// milliseconds; then leadership and the end are looked at, and the call is made again. Less than
    /// ``stopMilliseconds``.
    public static let transactionCallMilliseconds = 4_000
    /// Parked keys that are being released at a time.
    public static let keysPerRelease = 100
    /// Rows held for a parked key that are read, and published together, at once; ``bytesPerChunk`` is their other
    /// bound.
    public static let heldRowsPerRead = 500
    /// After how long a release gives way to the next cut, in milliseconds: what it keeps others waiting, besides one
    /// chunk.
    public static let releaseMilliseconds = 20
    /// How long the truncation of a leaf or a checkpoint twin waits for its lock, in milliseconds.
    public static let truncateLockMilliseconds = 50
    /// How long a rebase waits for a relay that was stopped to be gone, in milliseconds.
    public static let rebaseLockMilliseconds = 2_000
    /// Adopting a table: how long one try for its lock holds up writers, how long they have the table to themselves
    /// before the next, in milliseconds, and how often it is tried.
    public static let adoptionLockMilliseconds = 500
    public static let adoptionPauseMilliseconds = 500
    public static let adoptionLockTries = 240
    /// Ids of rows written after the adoption begin here, so that existing rows find room below.
    public static let firstAdoptedID: Int64 = 1 << 40
    /// Bytes of an aggregate's type or id that are kept with a parked key as they are; twice that fits into an index.
    /// Of a longer one, as many and a hash (FNV-1a): two that agree in both would wait for each other.
    public static let keyBytes = 1_000
    /// The longest name of a schema, in bytes: Postgres cuts longer names off, and refuses to notify on such a channel.
    public static let schemaNameBytes = 63
    /// The longest error text kept with a parked key, in characters.
    public static let parkedErrorCharacters = 500

    /// Why a relay's schema cannot have this name, if so.
    public static func fault(inSchema name: String) -> String? {
        if name.isEmpty { return "a schema needs a name" }
        guard name.utf8.count > schemaNameBytes else { return nil }
        return "'\(name)' is longer than the \(schemaNameBytes) bytes that names have in Postgres"
    }

    /// The bounds that only make sense in relation to each other.
    static var areConsistent: Bool {
        rowsInFlight >= 2 * rowsPerChunk && rowsOfSmallCut <= rowsPerChunk
            && firstFallingAsleepMilliseconds <= longestFallingAsleepMilliseconds && workStatementSeconds < hangSeconds
            && signOfLifeSeconds < hangSeconds && transactionCallMilliseconds < stopMilliseconds
    }
}
