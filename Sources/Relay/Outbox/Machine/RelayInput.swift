/// What the driver sees at every step, besides the event.
struct RelayInput: Equatable, Sendable {
    /// Rows between the oldest unsettled row and the newest row offered, settled or not; 0 if all are settled.
    var span = 0
    /// The outbox id up to which all offered rows are settled; nil if none was settled since the publisher is new or
    /// the cut began.
    var settledThrough: Int64?
    /// A failure that was reported since the last step.
    var failure: ReportedFailure?
    /// Whether the sleep lock was held before the event began.
    var holdsSleepLock = false
    /// Whether a notification had come before the last wait began.
    var hadNews = false
    /// Whether any key is parked.
    var hasParkedKeys = false
    /// Whether the release under way has lasted for ``OutboxLimits/releaseMilliseconds``: other keys come next.
    var isReleaseTimeOver = false
    /// Asked to stop, by SIGTERM for instance.
    var isStopping = false
    /// Asked to stop, ``OutboxLimits/settleMilliseconds`` ago or longer.
    var isStopOverdue = false

    /// A failure of the publisher.
    struct ReportedFailure: Equatable, Sendable {
        /// The first permanent refusal, else the last failure.
        var reason: PublishFailure
        /// The newest outbox id in flight when it was reported; 0 if none was.
        var newest: Int64
        /// How many rows the transaction has that is undone with it. Exactly-once only.
        var rows = 0
        /// The refused row is known, and its key parked; only its transaction has to be made again. Exactly-once only.
        var isFound = false

        /// What the failure is about.
        var kind: PublishFailure.Kind { reason.kind }
    }
}
