/// When messages that were taken over are applied. Pure, apart from the times that it is given.
///
/// The first write of an order costs Postgres about as much as each later one: every change of its status touches every
/// index. Orders are mostly placed, initiated and paid within a fraction of a second, so under load a batch waits a
/// little, and orders that are being paid wait a little longer: an order is then written once instead of three times.
/// Without load each message is applied when it comes.
struct GatherSchedule {
    private let most: Int
    private let gathering: Duration
    private let quiet: Duration
    private let leastMessagesPerSecond: Double
    /// The next batch begins then, unless it is full before; nil: at once.
    private var notBefore: ContinuousClock.Instant?
    /// When the last batch began; nil before the first.
    private var lastBegin: ContinuousClock.Instant?
    /// When the last messages came; nil before the first.
    private var lastArrival: ContinuousClock.Instant?

    /// - Parameters:
    ///   - most: messages that make a batch full.
    ///   - gathering: from the beginning of one batch to that of the next, under load.
    ///   - quiet: without messages for so long, the load is over and the batch is due.
    ///   - leastMessagesPerSecond: with fewer, the load is over.
    init(most: Int, gathering: Duration, quiet: Duration, leastMessagesPerSecond: Double) {
        self.most = most
        self.gathering = gathering
        self.quiet = quiet
        self.leastMessagesPerSecond = leastMessagesPerSecond
    }

    /// When a batch with so many messages is due; nil if there are none.
    func due(messages: Int, now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard messages > 0 else { return nil }
        guard messages < most, let notBefore else { return now }
        guard let lastArrival else { return notBefore }
        // What has stayed behind in the last batch goes when the wait for its next events is over.
        let isNew = lastBegin.map { lastArrival > $0 } ?? true
        return min(notBefore, lastArrival + (isNew ? quiet : quietOfPayment))
    }

    func isDue(messages: Int, now: ContinuousClock.Instant) -> Bool {
        due(messages: messages, now: now).map { $0 <= now } ?? false
    }

    /// Of a batch that begins now, orders that are being paid and were first seen after this moment wait for their next
    /// event; nil: there is no load, and none waits.
    func waitSince(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard notBefore != nil, gathering > .zero, let lastArrival, lastArrival + quietOfPayment > now else {
            return nil
        }
        return now - gathering * ProjectionLimits.gatheringsOfPayment
    }

    private var quietOfPayment: Duration { quiet * ProjectionLimits.quietsOfPayment }

    /// Messages came.
    mutating func arrived(at now: ContinuousClock.Instant) { lastArrival = now }

    /// A batch was applied.
    ///
    /// - Parameter arrived: messages that came between the beginnings of the batch before and of this one, also those
    ///   of orders that stayed behind.
    mutating func applied(arrived messages: Int, begun: ContinuousClock.Instant) {
        let isLoad: Bool
        if notBefore != nil, let lastBegin {
            // Gathered messages are many also when few come.
            let seconds = (begun - lastBegin) / .seconds(1)
            isLoad = Double(messages) >= seconds * leastMessagesPerSecond
        } else {
            isLoad = messages >= ProjectionLimits.messagesOfBusyBatch
        }
        notBefore = isLoad ? begun + gathering : nil
        lastBegin = begun
    }
}
