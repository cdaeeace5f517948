public import NIOCore

/// One request and its response.
///
/// All members belong to the connection's event loop and must be used there. Once the stream is closed (the peer reset
/// it, or the connection is gone) every function that sends does nothing, so that late results need no special care.
public final class HTTP2Stream: @unchecked Sendable {
    /// The stream identifier of RFC 9113 §5.1.1, odd.
    let id: Int32

    /// The request's header fields, pseudo-header fields first. If `hasOversizedHeaders`, the fields that fitted.
    public internal(set) var headers = HTTP2Headers(storage: [], count: 0)

    /// The other end of the connection.
    public let peer: HTTP2Peer

    let context: HTTP2LoopContext

    // The state below is changed by the session, too.

    /// nil once the stream is closed.
    var session: HTTP2Session?
    /// nil until the application has accepted the request, and once the stream is closed.
    var receiver: (any HTTP2StreamReceiver)?
    var headerListSize = HeaderListSize.within(bytes: 0)
    var request = RequestState.headers
    var response = ResponseState.pending
    var outbound = OutboundBuffer()

    // The links of `StreamList`.
    var previous: HTTP2Stream?
    var next: HTTP2Stream?

    init(id: Int32, session: HTTP2Session) {
        self.id = id
        self.session = session
        peer = session.peer
        context = session.context
    }

    // MARK: - For the application

    /// The event loop of the connection.
    public var eventLoop: any EventLoop { context.eventLoop }

    /// Whether the header list exceeded `HTTP2Limits.headerListBytes`.
    public var hasOversizedHeaders: Bool { headerListSize == .exceeded }

    /// Bytes of the largest body of a plain HTTP request; 0 once the stream is closed.
    var requestBodyBytes: Int { session?.limits.requestBodyBytes ?? 0 }

    /// Whether bytes that are sent now can still reach the peer.
    public var isOpen: Bool { session != nil }

    /// Whether the outgoing buffer has room. If not, `HTTP2StreamReceiver.becameWritable()` follows.
    public var isWritable: Bool {
        guard let session else { return true }
        return outbound.hasRoom(limit: session.limits.streamBufferBytes)
    }

    /// Sends the response's header fields, `:status` first. With `end` the response is complete. Has no effect after
    /// the first call.
    public func respond(_ fields: [HTTP2Field], end: Bool = false) {
        guard let session, response.isPending else { return }
        response = end ? .complete(.none) : .open
        session.submitResponse(self, fields, end: end)
    }

    /// Sends the response's header fields from a constant, `:status` first; a body follows. Has no effect after the
    /// first call.
    public func respond(_ block: HTTP2FieldBlock) {
        guard let session, response.isPending else { return }
        response = .open
        session.submitResponse(self, block)
    }

    /// Queues body bytes. Has no effect before `respond` or after `finish`.
    public func send(_ bytes: [UInt8]) {
        guard let session, response.isOpen, !bytes.isEmpty else { return }
        outbound.append(bytes)
        session.resume(self)
    }

    /// Ends the response after the queued bytes; trailers, if there are any, follow them.
    public func finish(trailers: [HTTP2Field] = []) {
        finish(trailers.isEmpty ? .none : .fields(trailers))
    }

    /// Ends the response after the queued bytes with trailers from a constant.
    public func finish(trailers block: HTTP2FieldBlock) {
        finish(.block(block))
    }

    private func finish(_ trailers: ResponseState.Trailers) {
        guard let session, response.isOpen else { return }
        response = .complete(trailers)
        session.resume(self)
    }

    /// Aborts the stream. `noError` after a complete response asks the peer to stop sending its request.
    func reset(_ code: HTTP2ErrorCode) {
        session?.submitReset(self, code)
    }

    /// Runs a handler in a task on this stream's event loop, at once until it first waits.
    package func run(_ work: @escaping HTTP2HandlerRun.Work) -> HTTP2HandlerRun { context.run(work) }

    /// Limits the time until the request is complete to `HTTP2Limits.requestTimeout`, from now. After it
    /// `HTTP2StreamReceiver.requestTimedOut()` is called.
    public func expectPromptEnd() {
        guard let session else { return }
        request.setOverdue(at: session.coarseTime + session.limits.requestTimeout)
    }

    /// Lets the peer send as many bytes more on this stream.
    public func consume(_ byteCount: Int) {
        guard byteCount > 0 else { return }
        session?.consume(self, byteCount)
    }
}
