/// Remembers how the last streams of a connection ended, to tell a peer's error from frames that crossed our reset.
/// Pure.
///
/// libnghttp2 ignores HEADERS on a stream that it no longer knows. RFC 9113 asks for more: HEADERS are an error if the
/// peer had ended the stream (§5.1) or had never opened it (§5.1.1). They are allowed if we ended the stream, because
/// the peer could not know that yet.
struct ClosedStreams {
    /// The side that ended a stream.
    enum Ending {
        /// The peer sent END_STREAM or RST_STREAM: it must send nothing more.
        case byPeer
        /// We reset or refused the stream: frames may still be on their way.
        case byUs
    }

    /// What follows from HEADERS on a stream that is not open.
    enum Verdict: Equatable {
        case tolerated
        case error(HTTP2ErrorCode)
    }

    /// Streams that are remembered. An older stream counts as ended by us: its frames are allowed.
    private static let capacity = 256

    private var ring: [(id: Int32, ending: Ending)] = []
    private var next = 0
    /// The highest stream that was forgotten.
    private var horizon: Int32 = 0
    /// The highest stream that the peer opened.
    private var highest: Int32 = 0
    /// A stream whose HEADERS began, and which libnghttp2 may refuse; 0 is none.
    private var candidate: Int32 = 0

    /// HEADERS begin. Returns true for a new stream, which is noted; others may be judged by `judgeHeaders`.
    mutating func beganHeaders(_ id: Int32) -> Bool {
        settleCandidate()
        guard id > highest else { return false }
        highest = id
        candidate = id
        return true
    }

    /// The stream that began is open: libnghttp2 did not refuse it.
    mutating func opened(_ id: Int32) {
        if candidate == id { candidate = 0 }
    }

    /// A stream is closed.
    mutating func closed(_ id: Int32, _ ending: Ending) {
        if ring.count < Self.capacity {
            ring.append((id, ending))
        } else {
            horizon = max(horizon, ring[next].id)
            ring[next] = (id, ending)
            next = (next + 1) % Self.capacity
        }
    }

    /// HEADERS came for a stream that is closed, or was never opened.
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
