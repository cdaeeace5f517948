public import NIOCore

/// One request and its response.
///
/// All members belong to the connection's event loop and must be used there. Once the stream is closed (the peer reset
/// it, or the connection is gone) every function that sends does nothing, so that late results need no special care.
public final class HTTP2Stream: @unchecked Sendable {
    /// The stream identifier of RFC 9113 §5.1.1, odd.
    let id: Int32

    /// The request's header fields, pseudo-header fields first. If `hasOversizedHeaders`, the fields that fitted.
    public internal(set) var headers = HTTP2Headers()

    /// The other end of the connection.
    public let peer: HTTP2Peer

    let context: HTTP2LoopContext

    // The state below is changed by the session, too.

    /// nil once the stream is closed. Not counted: a session closes its streams before it ends.
    private var session: Unmanaged<HTTP2Session>?
    /// nil until the application has accepted the request, and once the stream is closed.
    var receiver: (any HTTP2StreamReceiver)?
    var headerListSize = HeaderListSize.within(bytes: 0)
    var request = RequestState.headers
    var response = ResponseState.pending
    var outbound = OutboundBuffer()

    /// The position in the session's `StreamList`.
    var position = 0

    init(id: Int32, session: HTTP2Session) {
        self.id = id
        self.session = Unmanaged.passUnretained(session)
        peer = session.peer
        context = session.context
    }

    /// The stream is closed, or its session ends.
    func leaveSession() { session = nil }

    /// Calls `body` with the session unless the stream is closed; returns whether it did.
    @inline(__always) @discardableResult
    private func withSession(_ body: (HTTP2Session) -> Void) -> Bool {
        guard let session else { return false }
        session._withUnsafeGuaranteedRef(body)
        return true
    }

    // MARK: - For the application

    /// The event loop of the connection.
    public var eventLoop: any EventLoop { context.eventLoop }

    /// Whether the header list exceeded `HTTP2Limits.headerListBytes`.
    public var hasOversizedHeaders: Bool { headerListSize == .exceeded }

    /// Bytes of the largest body of a plain HTTP request; 0 once the stream is closed.
    var requestBodyBytes: Int { session?._withUnsafeGuaranteedRef { $0.limits.requestBodyBytes } ?? 0 }

    /// Whether bytes that are sent now can still reach the peer.
    public var isOpen: Bool { session != nil }

    /// Whether the outgoing buffer has room. If not, `HTTP2StreamReceiver.becameWritable()` follows.
    public var isWritable: Bool {
        guard let session else { return true }
        return outbound.hasRoom(limit: session._withUnsafeGuaranteedRef { $0.limits.streamBufferBytes })
    }

    /// Sends the response's header fields, `:status` first. With `end` the response is complete. Has no effect after
    /// the first call.
    public func respond(_ fields: [HTTP2Field], end: Bool = false) {
        guard response.isPending else { return }
        withSession { session in
            response = end ? .complete(.none) : .open
            session.submitResponse(self, fields, end: end)
        }
    }

    /// Sends the response's header fields from a constant, `:status` first; a body follows. Has no effect after the
    /// first call.
    public func respond(_ block: HTTP2FieldBlock) {
        guard response.isPending else { return }
        withSession { session in
            response = .open
            session.submitResponse(self, block)
        }
    }

    /// Queues body bytes. Has no effect before `respond` or after `finish`.
    public func send(_ bytes: [UInt8]) {
        guard response.isOpen, !bytes.isEmpty else { return }
        withSession { session in
            outbound.append(bytes)
            session.resume(self)
        }
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
        guard response.isOpen else { return }
        withSession { session in
            response = .complete(trailers)
            session.resume(self)
        }
    }

    /// Aborts the stream. `noError` after a complete response asks the peer to stop sending its request.
    func reset(_ code: HTTP2ErrorCode) {
        withSession { $0.submitReset(self, code) }
    }

    /// Runs a handler in a task on this stream's event loop, at once until it first waits.
    package func run(_ work: @escaping HTTP2HandlerRun.Work) -> HTTP2HandlerRun { context.run(work) }

    /// Calls `body` on this stream's event loop: at once if this is its thread, otherwise soon, together with the other
    /// calls that wait.
    package func call(_ body: @escaping @Sendable () -> Void) { context.call(body) }

    /// An empty array for bytes of the request, with memory that an earlier request gave back.
    package func takeSpareBytes() -> [UInt8] { context.takeSpareBytes() }

    /// Gives the memory of an array back, for a later request of this event loop. The caller must hold the only
    /// reference.
    package func keepSpareBytes(_ bytes: consuming [UInt8]) { context.keepSpareBytes(bytes) }

    /// Limits the time until the request is complete to `HTTP2Limits.requestTimeout`, from now. After it
    /// `HTTP2StreamReceiver.requestTimedOut()` is called.
    public func expectPromptEnd() {
        withSession { request.setOverdue(at: $0.coarseTime + $0.limits.requestTimeout) }
    }

    /// Lets the peer send as many bytes more on this stream.
    public func consume(_ byteCount: Int) {
        guard byteCount > 0 else { return }
        withSession { $0.consume(self, byteCount) }
    }
}
