/// When messages that were taken over are applied. Pure, apart from the times that it is given.
///
/// The first write of an order costs Postgres about as much as each later one: every change of its status touches every
/// index. Orders are mostly placed, initiated and paid within a fraction of a second, so under load a batch that waits
/// a little writes an order once instead of three times. Without load each message is applied when it comes.
struct GatherSchedule {
    private let most: Int
    private let gathering: Duration
    private let quiet: Duration
    /// The next batch begins then, unless it is full before; nil: at once.
    private var notBefore: ContinuousClock.Instant?
    /// When the last messages came; nil before the first.
    private var lastArrival: ContinuousClock.Instant?
    /// Whether more messages wait: while the projector is behind, a batch becomes as large as it may.
    private var isBehind = false

    /// - Parameters:
    ///   - most: messages that make a batch full.
    ///   - gathering: from the beginning of one batch to that of the next, under load.
    ///   - quiet: without messages for so long, the load is over and the batch is due.
    init(most: Int, gathering: Duration, quiet: Duration) {
        self.most = most
        self.gathering = gathering
        self.quiet = quiet
    }

    /// When a batch with so many messages is due; nil if there are none.
    func due(messages: Int, now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard messages > 0 else { return nil }
        guard messages < most, let notBefore else { return now }
        guard let lastArrival else { return notBefore }
        return isBehind ? lastArrival + quiet : min(notBefore, lastArrival + quiet)
    }

    func isDue(messages: Int, now: ContinuousClock.Instant) -> Bool {
        due(messages: messages, now: now).map { $0 <= now } ?? false
    }

    /// Messages came.
    ///
    /// - Parameter isFull: as many as are taken over at once, so that more of them wait.
    mutating func arrived(at now: ContinuousClock.Instant, isFull: Bool) {
        lastArrival = now
        isBehind = isFull
    }

    /// A batch was applied.
    mutating func applied(messages: Int, begun: ContinuousClock.Instant) {
        notBefore = messages >= ProjectionLimits.messagesOfBusyBatch ? begun + gathering : nil
    }
}
