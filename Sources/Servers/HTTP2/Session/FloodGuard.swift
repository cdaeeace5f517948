/// Decides when a peer sends too many frames without work: a token bucket per connection. Pure: time comes in as ticks.
///
/// libnghttp2 1.52 limits stream resets and CONTINUATION frames. PING, SETTINGS, PRIORITY, empty DATA and WINDOW_UPDATE
/// are counted here. libnghttp2 skips frames of unknown type, which cost nothing but their bytes.
struct FloodGuard {
    private let burst: Int
    private let perSecond: Int
    private var tokens: Int

    /// Frames that one DATA frame of ours earns the peer, which answers DATA with WINDOW_UPDATE.
    private static let updatesPerDataFrame = 4

    init(limits: HTTP2Limits) {
        burst = limits.controlFrameBurst
        perSecond = limits.controlFramesPerSecond
        tokens = burst
    }

    /// Whether the peer may go on.
    enum Verdict: Equatable {
        case tolerated
        case flood
    }

    /// The peer sent a frame without work.
    mutating func received() -> Verdict {
        guard tokens > 0 else { return .flood }
        tokens -= 1
        return .tolerated
    }

    /// We sent a DATA frame, which the peer may answer with window updates.
    mutating func sentData() {
        tokens = min(burst, tokens + Self.updatesPerDataFrame)
    }

    /// Time has passed: the peer earns frames, at least one, up to the burst.
    mutating func elapsed(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
        tokens = min(burst, tokens + max(1, perSecond * milliseconds / 1_000))
    }
}
