/// The request half of a stream: how much of the request the peer has sent.
///
/// Pure: the session reports the events of libnghttp2.
enum RequestState {
    /// The header block is being received.
    case headers
    /// The header block is complete; the body and perhaps trailers follow.
    case body(Body)
    /// END_STREAM came: the request is complete.
    case complete
    /// RST_STREAM came before the end of the request, or after it.
    case reset

    /// The data of a request whose body is being received.
    struct Body {
        /// Bytes that were dropped because the response was complete.
        var discardedBytes = 0
        /// When the request is overdue, on the session's coarse clock; nil without a limit.
        var overdueAt: Duration?
    }

    /// Whether the header block is still being received.
    var isInHeaders: Bool {
        if case .headers = self { true } else { false }
    }

    /// Whether the peer has ended the stream from its side, so that it must send nothing more.
    var isEndedByPeer: Bool {
        switch self {
        case .headers, .body: false
        case .complete, .reset: true
        }
    }

    /// The header block is complete; with `isEnd` the request is, too.
    mutating func completeHeaders(isEnd: Bool) {
        assert(isInHeaders, "a second request header block")
        self = isEnd ? .complete : .body(Body())
    }

    /// The body must be complete at `time`. Does nothing for a request that is complete.
    mutating func setOverdue(at time: Duration) {
        guard case .body(var body) = self else { return }
        body.overdueAt = time
        self = .body(body)
    }

    /// Whether the request is overdue now; true once only.
    mutating func takeOverdue(now: Duration) -> Bool {
        guard case .body(var body) = self, let due = body.overdueAt, now >= due else { return false }
        body.overdueAt = nil
        self = .body(body)
        return true
    }

    /// Counts body bytes that are dropped; returns all of this request's so far.
    mutating func discard(_ byteCount: Int) -> Int {
        guard case .body(var body) = self else { return 0 }
        body.discardedBytes += byteCount
        self = .body(body)
        return body.discardedBytes
    }
}

/// The response half of a stream: how much of the response the application has given.
enum ResponseState {
    /// Nothing was sent.
    case pending
    /// The header fields were sent; body bytes may follow.
    case open
    /// The application has given all of the response; its last bytes may still be queued.
    case complete(Trailers)

    /// The fields that follow the last byte.
    enum Trailers {
        /// END_STREAM is on the last frame with bytes, or on the header block.
        case none
        case fields([HTTP2Field])
        case block(HTTP2FieldBlock)
    }

    /// Whether nothing was sent.
    var isPending: Bool {
        if case .pending = self { true } else { false }
    }

    /// Whether body bytes and the end may be sent.
    var isOpen: Bool {
        if case .open = self { true } else { false }
    }

    /// Whether the application has given all of the response.
    var isComplete: Bool {
        if case .complete = self { true } else { false }
    }
}
