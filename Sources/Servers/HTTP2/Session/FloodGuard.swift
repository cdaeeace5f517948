/// Decides when a peer sends too many frames that carry no work: a token bucket per connection.
///
/// libnghttp2 1.52 limits stream resets and CONTINUATION frames; PING, SETTINGS, PRIORITY, empty DATA and WINDOW_UPDATE
/// are counted here. Frames of unknown type are skipped by libnghttp2 and cost nothing but their bytes. Pure: time
/// comes in as ticks.
struct FloodGuard {
    private let burst: Int
    private let perSecond: Int
    private var tokens: Int

    /// A WINDOW_UPDATE is the honest answer to our own DATA: one frame earns the peer this many.
    private static let updatesPerDataFrame = 4

    init(limits: HTTP2Limits) {
        burst = limits.controlFrameBurst
        perSecond = limits.controlFramesPerSecond
        tokens = burst
    }

    enum Verdict: Equatable {
        case tolerated
        case flood
    }

    /// The peer sent a frame that carries no work.
    mutating func received() -> Verdict {
        guard tokens > 0 else { return .flood }
        tokens -= 1
        return .tolerated
    }

    /// We sent a DATA frame, which the peer may answer with window updates.
    mutating func sentData() {
        tokens = min(burst, tokens + Self.updatesPerDataFrame)
    }

    /// Time has passed.
    mutating func elapsed(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
        tokens = min(burst, tokens + max(1, perSecond * milliseconds / 1_000))
    }
}
