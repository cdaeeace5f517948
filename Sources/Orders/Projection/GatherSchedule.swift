/// When messages that were taken over are applied. Pure, apart from the times that it is given.
///
/// The first write of an order costs Postgres about as much as each later one: every change of its status touches every
/// index. Orders are mostly placed, initiated and paid within a fraction of a second, so under load a batch that waits
/// a little writes an order once instead of three times. Without load each message is applied when it comes.
struct GatherSchedule {
    private let most: Int
    private let gathering: Duration
    /// The next batch begins then, unless it is full before; nil: at once.
    private var notBefore: ContinuousClock.Instant?

    /// - Parameters:
    ///   - most: messages that make a batch full.
    ///   - gathering: from the beginning of one batch to that of the next, under load.
    init(most: Int, gathering: Duration) {
        self.most = most
        self.gathering = gathering
    }

    /// When a batch with so many messages is due; nil if there are none.
    func due(messages: Int, now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard messages > 0 else { return nil }
        return messages >= most ? now : notBefore ?? now
    }

    func isDue(messages: Int, now: ContinuousClock.Instant) -> Bool {
        due(messages: messages, now: now).map { $0 <= now } ?? false
    }

    /// A batch was applied.
    mutating func applied(messages: Int, begun: ContinuousClock.Instant) {
        notBefore = messages >= ProjectionLimits.messagesOfBusyBatch ? begun + gathering : nil
    }
}
