import Postgres

/// Every bound of this module, with its unit in the name.
public enum OutboxLimits {
    /// Rows of one chunk: what is fetched at once and checkpointed together.
    public static let rowsPerChunk = 8_000
    /// Rows of the first chunk of a session, before it is known how large rows are.
    package static let rowsOfFirstChunk = 1_000
    /// Rows that are read one by one behind the place where a row cannot be read.
    package static let rowsReadSingly = 500
    /// Payload bytes after which a chunk ends, whatever its rows; one larger row is a chunk of its own.
    package static let bytesPerChunk = 4 << 20
    /// Rows offered to the publisher and not yet settled, with those that are acknowledged behind one that is not:
    /// twice what a publisher's window has.
    public static let rowsInFlight = 100_000
    /// Rows of the largest Kafka transaction, and how long one may become by growing, in milliseconds.
    public static let rowsPerTransaction = 64_000
    package static let transactionMilliseconds = 2_000
    /// A cut of at most this many rows is read by transaction id and sorted; a larger one is walked by outbox id.
    package static let rowsOfSmallCut = 5_000
    /// Rows of small cuts in succession that need not wait for the disk where the rows themselves are on it. A crash of
    /// Postgres may repeat so many rows besides the last cut.
    package static let rowsFlushedLater = 500
    /// Moves of the checkpoint row before it changes to its twin table; about a megabyte of dead rows.
    package static let movesPerCheckpointTwin = 5_000
    /// How long one try for the sleep lock waits. A waiter's snapshot holds back vacuum, so tries are short.
    package static let sleepLockTryMilliseconds = 250
    /// First and longest pause between the cuts made while waiting for the sleep lock, in milliseconds.
    package static let firstFallingAsleepMilliseconds = 1
    package static let longestFallingAsleepMilliseconds = 200
    /// How long a relay that is asleep leaves a drained cut unfinished, so that finishing it and taking the next are
    /// one statement, in milliseconds. A crash meanwhile repeats the cut's rows.
    package static let unfinishedMilliseconds = 20
    /// How long after the beginning of a cut a busy relay takes the next, in milliseconds. A row then waits that long
    /// at most; shorter pauses would take the processors from the writers.
    package static let cutSpacingMilliseconds = 20
    /// Cuts in succession that look busy after which the relay gives up the sleep lock; doubled for each false alarm,
    /// up to `falseAlarmsCounted` times.
    package static let cutsUntilAwake = 32
    package static let falseAlarmsCounted = 5
    /// Young transactions in progress that make a cut look busy: that many would queue to notify.
    package static let writersUntilAwake = 4
    /// Rows of one cut after which the relay gives up the sleep lock at once.
    package static let rowsUntilAwake = 1_000
    /// After so many cuts a busy relay counts the rows that they had. With fewer rows than these, a thousand per
    /// second, it falls asleep: then notifying costs the writers little.
    package static let cutsPerLookAtRate = 12
    package static let rowsPerLookAtRate = 250
    /// How often a standby tries to lead, in milliseconds.
    package static let standbyTryMilliseconds = 1_000
    /// First and longest pause before connecting again, in milliseconds.
    package static let firstReconnectMilliseconds = 50
    package static let longestReconnectMilliseconds = 1_000
    /// How long a relay takes to stop after SIGTERM, whatever Kafka and Postgres do, in milliseconds.
    package static let stopMilliseconds = 10_000
    /// How long, of that time, what is in flight is waited for, in milliseconds. Then it is given up, which takes time
    /// as well: up to 2 s to abort a transaction, up to a second to close a client.
    package static let settleMilliseconds = 6_000
    /// The shortest limit of a call that begins shortly before the end of that time, in milliseconds.
    package static let lastCallMilliseconds = 100
    /// How often, after that time, a statement that still runs is cancelled, in milliseconds.
    package static let cancelMilliseconds = 200
    /// After how long without a heartbeat the working thread counts as hung, in seconds, and the lease is not renewed.
    package static let hangSeconds = 120
    /// The longest that a waiting thread goes without a heartbeat, in seconds.
    package static let signOfLifeSeconds = 30
    /// How long an action of the working thread takes before the leading thread asks Postgres which session blocks it,
    /// in milliseconds.
    package static let blockedMilliseconds = 2_000
    /// How often a standby asks which session leads, in tries.
    package static let triesPerLookAtLeader = 10
    /// While a cut is being drained, how often the rows that wait are counted, in milliseconds, and up to how many
    /// exactly; beyond, the distance of ids is the estimate.
    package static let backlogLookMilliseconds = 5_000
    package static let rowsOfBacklogCounted = 10_000
    /// How long a paused relay waits before it looks at its lease again, in milliseconds.
    package static let pauseLookMilliseconds = 1_000
    /// How long a statement that takes or reads a cut may be silent, in seconds, and after how long it counts as late;
    /// finding where a huge backlog begins takes longest. Rows that keep coming have no limit.
    package static let workStatementSeconds = 100
    package static let lateCutSeconds = 10
    /// The same for every other statement of the working thread (checkpoint, held rows, parked keys), in seconds.
    package static let shortStatementSeconds = 10
    /// The same for every statement of the leading thread (lease, locks), in seconds.
    package static let leadStatementSeconds = 5
    /// How often a relay that is asleep asks its listening connection for a sign of life, and how long the answer may
    /// take, in milliseconds. A row that is written after the connection died waits that long together.
    package static let listenHeartbeatMilliseconds = 1_500
    package static let listenAnswerMilliseconds = 2_000
    /// How long a statement of the working thread is silent before the leading thread asks Postgres whether its
    /// connection is dead; how often the leading thread looks for silence; how long the answer may take, because both
    /// connections may be dead; and how long after the first answer it asks once more; in milliseconds.
    package static let silenceMilliseconds = 2_000
    package static let silenceLookMilliseconds = 1_000
    package static let silenceAnswerMilliseconds = 3_000
    package static let secondLookMilliseconds = 500
    /// Rows offered between two checks of the lease, so that a relay that was stopped and continued notices soon.
    package static let rowsPerLeaseLook = 256
    /// How long one call to open a transactional publisher, to read its record back or to commit may take, in
    /// milliseconds. Then leadership and the wish to stop are checked, and the call is made again. Less than
    /// ``settleMilliseconds``; less still while the relay stops.
    package static let transactionCallMilliseconds = 4_000
    /// How long Kafka may take to tell which rows it has, after a promotion, in milliseconds.
    package static let publishedRowsMilliseconds = 10_000
    /// How long Kafka may take to read or write the record of at-least-once delivery, in milliseconds.
    package static let recordCallMilliseconds = 3_000
    /// How soon Kafka is asked for that record again after it did not answer, in milliseconds.
    package static let recordRetryMilliseconds = 1_000
    /// Losses of records that wait for the database; one for each partition and event.
    package static let lossesWaiting = 10_000
    /// Parked keys that are being released at a time.
    package static let keysPerRelease = 100
    /// Rows held for a parked key that are read and published at once; ``bytesPerChunk`` is their other bound.
    package static let heldRowsPerRead = 500
    /// After how long a release gives way to the next cut, in milliseconds: other keys wait that long, and for one
    /// chunk.
    package static let releaseMilliseconds = 20
    /// How long the truncation of a leaf or a checkpoint twin waits for its lock, in milliseconds.
    package static let truncateLockMilliseconds = 50
    /// How long a rebase waits for the end of a relay's session that was stopped, in milliseconds.
    package static let rebaseLockMilliseconds = 2_000
    /// Bytes of an aggregate's type or id that are kept with a parked key; twice that fits into an index. Of a longer
    /// text these bytes and a hash (FNV-1a) are kept: two keys that agree in both would wait for each other.
    package static let keyBytes = 1_000
    /// The longest name of a schema, in bytes: Postgres cuts longer names off, and refuses to notify on such a channel.
    package static let schemaNameBytes = 63
    /// The longest error text kept with a parked key, in characters.
    package static let parkedErrorCharacters = 500

    /// Why a relay's schema cannot have this name; nil if it can.
    package static func fault(inSchema name: String) -> String? {
        if name.isEmpty { return "a schema needs a name" }
        guard name.utf8.count > schemaNameBytes else { return nil }
        return "'\(name)' is longer than the \(schemaNameBytes) bytes that names have in Postgres"
    }

    /// The bounds that only make sense in relation to each other.
    static var areConsistent: Bool {
        rowsInFlight >= 2 * rowsPerChunk && rowsPerTransaction >= rowsPerChunk && rowsOfSmallCut <= rowsPerChunk
            && firstFallingAsleepMilliseconds <= longestFallingAsleepMilliseconds && workStatementSeconds < hangSeconds
            && lateCutSeconds < workStatementSeconds
            && PostgresLimits.endBackendMilliseconds < leadStatementSeconds * 1_000
            && signOfLifeSeconds < hangSeconds && transactionCallMilliseconds < settleMilliseconds
            && settleMilliseconds + recordCallMilliseconds < stopMilliseconds
    }
}
