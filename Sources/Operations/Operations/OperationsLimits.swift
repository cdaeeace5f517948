/// Every bound of this module, with its unit in the name.
public enum OperationsLimits {
    /// How long one statement may take, in milliseconds; then the answer is left out and a note says so.
    static let statementMilliseconds = 1_000
    /// The same for a statement that changes many rows, such as a release in bulk.
    static let actionMilliseconds = 60_000
    /// How long an action waits for a lock, in milliseconds; writers and the relay may queue up behind it.
    static let lockMilliseconds = 2_000
    /// Parked keys that are looked at for the progress of a release.
    static let keysFollowed = 200_000
    /// Rows of one page of a list.
    public static let rowsPerPage = 500
    /// Rows that are read for one page at most, whether they match the filter or not.
    static let rowsScannedPerPage = 10_000
    /// Parked keys that are looked at for one page or one preview, where a filter has to look at each of them, and the
    /// same where it has to look at the refused row of each, or at the row of the outbox of each held row.
    static let keysScanned = 5_000
    static let keysLookedInto = 1_000
    /// Rows that wait, held rows and parked keys are counted up to this number; beyond, the number is an estimate.
    static let rowsCounted = 10_000
    /// The moments that an operator may name, in microseconds since 1970.
    static let moments = (Int64.min / 2)...(Int64.max / 2)
    /// Rows among which the oldest row of the backlog is looked for.
    static let rowsOfFloor = 1_000
    /// How far the time of a row may be from the times of its neighbours, in seconds, for a list by time to find it.
    static let clockSlackSeconds: Int64 = 300
    /// The same for an event and its row, which are written in one statement, in microseconds.
    static let eventSlackMicroseconds: Int64 = 100_000
    /// Steps of the search for the first row of a time; enough for all ids.
    static let timeSearchSteps = 70
    /// Sessions that are named as blockers.
    static let sessionsShown = 20
    /// Characters of a statement that is shown.
    static let queryCharacters = 300
    /// A transaction counts as a blocker after this time, in milliseconds.
    static let openTransactionMilliseconds = 1_000
    /// The relay counts as stalled when rows wait and its checkpoint has not moved for this time, in seconds.
    static let stalledSeconds: Int64 = 30
    /// Bytes of a payload that are shown in a list, and of one row.
    static let listedPayloadBytes = 2_048
    static let shownPayloadBytes = 1 << 20
    /// Bytes of the headers of a row in a list, as JSON; longer ones are left out. One row alone may have as many as
    /// its payload.
    static let listedHeaderBytes = 16_384
    /// Events of an order, and decisions of a page, that are shown at most.
    static let eventsOfOrder = 1_000
    /// Bytes of the details of a decision: in a page of several, and where one decision alone is asked for. An edit
    /// keeps its payload twice.
    static let listedDetailBytes = 8_192
    static let shownDetailBytes = 16 << 20
    /// Decisions of one page.
    public static let decisionsPerPage = 500
    /// Rows that a preview lists.
    static let previewRows = 100
    /// The fastest replay, in rows per second, and how many replays are listed.
    public static let replayRowsPerSecond = 100_000
    static let replaysShown = 100
    /// The fastest rebuild, in orders per second, and how many rebuilds are listed.
    public static let rebuildOrdersPerSecond = 1_000_000
    /// The rate of a rebuild that is given none: it leaves most of two cores to live traffic.
    public static let usualRebuildRate = 5_000
    static let rebuildsShown = 100
    /// A rebuild counts as interrupted when no projector has done a step for this time, in seconds. A step takes 30 s
    /// at most.
    static let projectorSilenceSeconds = 40
    /// Records that are read from a partition in search of one event, from the time of the event on or from the end.
    static let recordsSearched: Int64 = 100_000
    /// How long a question to Kafka or to a service may take, in milliseconds.
    static let kafkaMilliseconds = 3_000
    static let searchMilliseconds = 10_000
    static let probeMilliseconds = 1_500
    /// Bytes of a service's answer that are read.
    static let answerBytes = 256 << 10
}
