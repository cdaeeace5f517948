/// How many gateway calls may run at once: as many as make the gateway answer more, and no more than that. Pure.
///
/// The gateway's latency is not known beforehand, and calls at once are rate times latency: 8,000 calls per second take
/// 400 at once with 50 ms, and four with half a millisecond. The bound begins low. It is judged once per round, which
/// is as many answers as the bound allows calls:
///
/// - All calls were in use and the answers took about as long as the quickest ones: the bound is doubled, after the
///   first sign of congestion raised by an eighth.
/// - The answers took more than twice as long: they wait for each other at the gateway, so the bound goes down.
/// - Most calls failed: the bound is halved.
struct GatewayLimit {
    /// The bound never exceeds it.
    let most: Int
    /// How many calls may run at once now.
    private(set) var current: Int
    /// Calls that are running.
    private(set) var running = 0

    private var round = Round()
    /// The shortest latency of this span of rounds, and of the one before: a gateway that has become slower for good is
    /// accepted after two spans.
    private var quickest: Duration?
    private var quickestBefore: Duration?
    private var roundsOfSpan = 0
    private var hasSeenCongestion = false
    /// Whether answers waited for each other in this span: then the quickest of them was slow as well.
    private var isSpanCongested = false

    private struct Round {
        var answers = 0
        var failures = 0
        var latencies: Duration = .zero
        var wasFull = false
    }

    /// - Parameter most: at least 1.
    init(most: Int) {
        self.most = max(1, most)
        current = min(self.most, PaymentsLimits.firstConcurrentCalls)
    }

    /// Whether another call may begin.
    var hasRoom: Bool { running < current }

    mutating func began() {
        running += 1
        assert(running <= most, "\(running) gateway calls run, of at most \(most)")
        if running >= current { round.wasFull = true }
    }

    /// - Parameter latency: of an answer; nil for a call that failed.
    mutating func ended(_ latency: Duration?) {
        running -= 1
        assert(running >= 0, "a gateway call ended twice")
        if let latency {
            round.answers += 1
            round.latencies += latency
            quickest = min(quickest ?? latency, latency)
        } else {
            round.failures += 1
        }
        if round.answers + round.failures >= current { judge() }
    }

    private mutating func judge() {
        defer { round = Round() }
        if round.failures > round.answers {
            current = max(1, current / 2)
            return
        }
        guard let base = [quickest, quickestBefore].compactMap({ $0 }).min(), round.answers > 0 else { return }
        let latency = round.latencies / round.answers
        let longest = base * 2 + PaymentsLimits.latencySlack
        if latency > longest {
            hasSeenCongestion = true
            isSpanCongested = true
            current = max(1, max(current / 2, Int(Double(current) * (longest / latency))))
        } else if round.wasFull {
            current = min(most, current + (hasSeenCongestion ? current / 8 + 1 : current))
        }
        roundsOfSpan += 1
        guard roundsOfSpan == PaymentsLimits.roundsOfSpan else { return }
        roundsOfSpan = 0
        quickestBefore = quickest
        quickest = nil
        // With fewer calls the gateway shows how quick it is without a queue.
        if isSpanCongested { current = max(1, current / 2) }
        isSpanCongested = false
    }
}
