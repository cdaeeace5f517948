/// Remembers how the last streams of a connection ended, to tell a peer's mistake from frames that crossed our reset.
///
/// libnghttp2 ignores HEADERS on a stream it no longer knows. RFC 9113 §5.1 asks for more: they are an error if the
/// peer itself had ended the stream, or had never opened it (§5.1.1); they are in order if we ended it and the peer
/// could not know yet.
struct ClosedStreams {
    enum Ending {
        /// The peer sent END_STREAM or RST_STREAM: it must send nothing more.
        case byPeer
        /// We reset or refused it: frames may still be on their way.
        case byUs
    }

    enum Verdict: Equatable {
        case tolerated
        case error(HTTP2ErrorCode)
    }

    /// Streams remembered; what is older is taken to have been ended by us, the lenient way.
    private static let capacity = 256

    private var ring: [(id: Int32, ending: Ending)] = []
    private var next = 0
    /// The highest stream that was forgotten.
    private var horizon: Int32 = 0
    /// The highest stream that the peer opened.
    private var highest: Int32 = 0
    /// A stream whose HEADERS began and which may turn out to be refused.
    private var candidate: Int32 = 0

    /// A frame other than the first HEADERS of a new stream can be judged by `judge`; this notes the new ones.
    mutating func beganHeaders(_ id: Int32) -> Bool {
        settleCandidate()
        guard id > highest else { return false }
        highest = id
        candidate = id
        return true
    }

    /// The stream that began exists: it was not refused.
    mutating func opened(_ id: Int32) {
        if candidate == id { candidate = 0 }
    }

    mutating func closed(_ id: Int32, _ ending: Ending) {
        if ring.count < Self.capacity {
            ring.append((id, ending))
        } else {
            horizon = max(horizon, ring[next].id)
            ring[next] = (id, ending)
            next = (next + 1) % Self.capacity
        }
    }

    /// HEADERS came for a stream that does not exist any more, or never did.
    mutating func judgeHeaders(_ id: Int32) -> Verdict {
        settleCandidate()
        guard let ending = ending(of: id) else { return id <= horizon ? .tolerated : .error(.protocolError) }
        return ending == .byPeer ? .error(.streamClosed) : .tolerated
    }

    private mutating func settleCandidate() {
        guard candidate != 0 else { return }
        let refused = candidate
        candidate = 0
        closed(refused, .byUs)
    }

    private func ending(of id: Int32) -> Ending? {
        ring.first { $0.id == id }?.ending
    }
}
