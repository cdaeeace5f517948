public import NIOCore

/// One request and its response.
///
/// All members belong to the connection's event loop and must be used there. Once the stream is closed (the peer reset
/// it, or the connection is gone) everything that sends does nothing, so that late results need no special care.
public final class HTTP2Stream: @unchecked Sendable {
    /// The stream identifier, odd.
    public let id: Int32

    /// The request's header fields, pseudo-header fields first.
    public internal(set) var headers = HTTP2Headers(storage: [], count: 0)

    /// The header list exceeded `HTTP2Limits.headerListBytes`; `headers` holds what fitted.
    public internal(set) var hasOversizedHeaders = false

    /// Who sent the request.
    public let peer: HTTP2Peer

    /// Where everything on this stream happens.
    public var eventLoop: any EventLoop { context.eventLoop }

    let context: HTTP2LoopContext

    /// nil once the stream is closed.
    var session: HTTP2Session?
    var receiver: (any HTTP2StreamReceiver)?
    var headerBytes = 0
    var hasReceivedHeaders = false

    // The list of the session's open streams.
    var previous: HTTP2Stream?
    var next: HTTP2Stream?

    // The outgoing half.
    /// What the peer would take when its last SETTINGS began.
    var windowBeforeSettings: Int32 = 0
    var outbound = OutboundBuffer()
    var trailers: [HTTP2Field] = []
    var trailerBlock: HTTP2FieldBlock?
    var isDeferred = false
    var reportsWritable = false
    public internal(set) var hasResponded = false
    public internal(set) var isFinished = false

    // The incoming half.
    public internal(set) var hasReceivedEnd = false
    var wasResetByPeer = false
    var discarded = 0
    /// When the request is overdue, on the session's coarse clock.
    var overdueAt: Duration?

    init(id: Int32, session: HTTP2Session) {
        self.id = id
        self.session = session
        peer = session.peer
        context = session.context
    }

    /// Bytes of the largest plain request body.
    var requestBodyBytes: Int { session?.limits.requestBodyBytes ?? 0 }

    /// Whether anything sent can still reach the peer.
    public var isOpen: Bool { session != nil }

    /// Whether the outgoing buffer has room; when not, `HTTP2StreamReceiver.becameWritable()` follows.
    public var isWritable: Bool {
        guard let session else { return true }
        if outbound.count < session.limits.streamBufferBytes { return true }
        reportsWritable = true
        return false
    }

    /// Sends the response's header fields, `:status` first. With `end`, the response is complete.
    public func respond(_ fields: [HTTP2Field], end: Bool = false) {
        guard let session, !hasResponded else { return }
        hasResponded = true
        if end { isFinished = true }
        session.submitResponse(self, fields, end: end)
    }

    /// Sends the response's header fields from a constant, `:status` first; a body follows.
    public func respond(_ block: HTTP2FieldBlock) {
        guard let session, !hasResponded else { return }
        hasResponded = true
        session.submitResponse(self, block)
    }

    /// Sends an informational response (status 100 to 199) before the response proper.
    public func inform(_ fields: [HTTP2Field]) {
        guard let session, !hasResponded else { return }
        session.submitInformation(self, fields)
    }

    /// Queues body bytes.
    public func send(_ bytes: [UInt8]) {
        guard let session, hasResponded, !isFinished, !bytes.isEmpty else { return }
        outbound.append(bytes)
        session.resume(self)
    }

    /// Ends the response once all queued bytes are out; with trailers, they end it.
    public func finish(trailers: [HTTP2Field] = []) {
        guard let session, hasResponded, !isFinished else { return }
        isFinished = true
        self.trailers = trailers
        session.resume(self)
    }

    /// Ends the response once all queued bytes are out, with constant trailers.
    public func finish(trailers block: HTTP2FieldBlock) {
        guard let session, hasResponded, !isFinished else { return }
        isFinished = true
        trailerBlock = block
        session.resume(self)
    }

    /// Aborts the stream. `noError` after a complete response asks the peer to stop sending its request.
    public func reset(_ code: HTTP2ErrorCode) {
        session?.submitReset(self, code)
    }

    /// Runs a handler in a task on this stream's event loop, at once until it first waits.
    package func run(_ work: @escaping HTTP2HandlerRun.Work) -> HTTP2HandlerRun { context.run(work) }

    /// Limits the time until the request is complete; when it is over, `HTTP2StreamReceiver.requestTimedOut()` is
    /// called.
    public func expectPromptEnd() {
        guard let session, !hasReceivedEnd else { return }
        overdueAt = session.coarseTime + session.limits.requestTimeout
    }

    /// Lets the peer send as many bytes more on this stream.
    public func consume(_ byteCount: Int) {
        guard byteCount > 0 else { return }
        session?.consume(self, byteCount)
    }
}
