import CNGHTTP2
import NIOCore

/// One HTTP/2 connection as libnghttp2 processes it, and the owner of its handle. Does no I/O: bytes go in by `receive`
/// and come out by `produce`.
///
/// libnghttp2 forbids `receive` and `produce` inside its callbacks; every function that a stream calls only queues.
final class HTTP2Session {
    let limits: HTTP2Limits
    let peer: HTTP2Peer
    let context: HTTP2LoopContext
    private let application: any HTTP2Application
    private let driver: Driver
    /// nil before the end of `init`, and once the session is invalidated.
    private var handle: SessionHandle?

    private var streams = StreamList()
    /// The stream that was looked up last: frames of one stream often follow each other.
    private var recent: (id: Int32, stream: Unmanaged<HTTP2Stream>)?
    private var closedStreams = ClosedStreams()
    /// Streams that have room again; their receivers are called after the production.
    private var writable: [HTTP2Stream] = []

    /// The fields of the open header block.
    private var gatherer = FieldGatherer()
    private var headerBlock: HeaderBlock?
    private var headerBlockCount: UInt64 = 0

    private var converter = FieldConverter()
    private var flood: FloodGuard
    private var overflow = WindowOverflow()
    private var isFlushRequested = false
    /// The first GOAWAY is queued and its PING follows it: libnghttp2 would send a PING that is submitted now first.
    private var isDrainPingDue = false

    /// Time since the session began, as precise as the connection's ticks.
    private(set) var coarseTime = Duration.zero
    /// Whether the peer's first SETTINGS came.
    private(set) var isEstablished = false

    /// The functions of the driver. The session calls them inside callbacks of libnghttp2, too.
    struct Driver {
        /// There is output. Called once per production.
        var needsFlush: () -> Void
        /// The PING that follows the first GOAWAY was answered.
        var drainAcknowledged: () -> Void
    }

    /// A header block whose last fragment has not come.
    private struct HeaderBlock {
        /// A number of its own for each block.
        let token: UInt64
        /// nil for a stream that is closed or was not accepted. Not counted: a closed stream leaves the block.
        let stream: Unmanaged<HTTP2Stream>?
    }

    private static let drainPing: [UInt8] = Array("drainrtt".utf8)
    private static let keepalivePing: [UInt8] = Array("areyouok".utf8)

    init(
        limits: HTTP2Limits, peer: HTTP2Peer, context: HTTP2LoopContext, application: any HTTP2Application,
        driver: Driver
    ) throws(HTTP2Error) {
        self.limits = limits
        self.peer = peer
        self.context = context
        self.application = application
        self.driver = driver
        flood = FloodGuard(limits: limits)
        handle = try SessionHandle(limits: limits, memory: context.memory, owner: self)
    }

    deinit {
        assert(streams.count == 0, "a session is invalidated before it is released")
        streams.forEach { $0.leaveSession() }
        handle?.free()
    }

    // MARK: - For the driver

    /// Streams that are open.
    var streamCount: Int { streams.count }

    /// A number that changes with each header block; nil while no block is open.
    var openHeaderBlock: UInt64? { headerBlock?.token }

    /// Whether neither side has anything more to send.
    var isOver: Bool { handle?.isOver ?? true }

    /// Processes bytes from the peer; false when the connection cannot go on. Its GOAWAY is queued then.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let handle else { return false }
        switch handle.receive(bytes) {
        case .processed: return true
        // libnghttp2 queues no GOAWAY in these cases.
        case .failed: terminate(.protocolError)
        case .flooded: terminate(.enhanceYourCalm)
        }
        return false
    }

    /// Appends frames until `limit` bytes are there or nothing is left; false when nothing is left.
    func produce(into buffer: inout ByteBuffer, limit: Int) -> Bool {
        guard let handle else { return false }
        isFlushRequested = false
        var more = true
        while more, buffer.readableBytes < limit {
            if let bytes = handle.nextBytes() {
                buffer.writeBytes(bytes)
            } else if isDrainPingDue {
                isDrainPingDue = false
                handle.submitPing(Self.drainPing)
            } else {
                more = false
            }
        }
        reportWritable()
        return more
    }

    private func reportWritable() {
        guard !writable.isEmpty else { return }
        let streams = writable
        writable.removeAll(keepingCapacity: true)
        for stream in streams { stream.receiver?.becameWritable() }
    }

    /// Takes the time since the last call, for the flood guard and for overdue requests.
    func elapsed(_ duration: Duration) {
        flood.elapsed(duration)
        coarseTime += duration
        for stream in streams.takeOverdue(now: coarseTime) { stream.receiver?.requestTimedOut() }
    }

    /// Announces the end: the peer should open no more streams, those on their way are still served.
    func submitShutdownNotice() {
        guard let handle else { return }
        handle.submitShutdownNotice()
        isDrainPingDue = true
        requestFlush()
    }

    /// The second GOAWAY: no stream after the last one seen is served.
    func submitFinalGoAway() {
        guard let handle else { return }
        handle.submitFinalGoAway()
        requestFlush()
    }

    /// A PING that an idle peer must answer.
    func submitKeepalivePing() {
        guard let handle else { return }
        handle.submitPing(Self.keepalivePing)
        requestFlush()
    }

    /// Ends the connection with an error: GOAWAY is the last frame.
    func terminate(_ code: HTTP2ErrorCode) {
        guard let handle else { return }
        handle.terminate(code)
        requestFlush()
    }

    /// Closes every stream and frees the handle. libnghttp2 does not report streams that are open at its end, so the
    /// session goes through its own list.
    func invalidate(_ code: HTTP2ErrorCode) {
        guard let handle else { return }
        self.handle = nil
        while let stream = streams.any { close(stream, code) }
        handle.free()
    }

    @inline(__always)
    private func requestFlush() {
        guard !isFlushRequested else { return }
        isFlushRequested = true
        driver.needsFlush()
    }

    // MARK: - For streams

    /// Sends header fields; without `end` a body follows.
    func submitResponse(_ stream: HTTP2Stream, _ fields: [HTTP2Field], end: Bool) {
        guard let handle else { return }
        handle.submitResponse(stream, fields, hasBody: !end, &converter)
        requestFlush()
    }

    /// Sends constant header fields; a body follows.
    func submitResponse(_ stream: HTTP2Stream, _ block: HTTP2FieldBlock) {
        guard let handle else { return }
        handle.submitResponse(stream, block)
        requestFlush()
    }

    /// Makes libnghttp2 read the stream's bytes, or their end, if it waits for them.
    func resume(_ stream: HTTP2Stream) {
        guard let handle, stream.outbound.wakeReader() else { return }
        handle.resume(stream.id)
        requestFlush()
    }

    /// Aborts the stream.
    func submitReset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard let handle else { return }
        handle.submitReset(stream.id, code)
        requestFlush()
    }

    /// Gives bytes of the stream's receive window back.
    func consume(_ stream: HTTP2Stream, _ byteCount: Int) {
        guard let handle else { return }
        handle.consume(stream.id, byteCount)
        requestFlush()
    }

    // MARK: - Callbacks: frames

    /// A frame begins. Ends the connection for what libnghttp2 accepts although RFC 9113 forbids it.
    func beganFrame(kind: UInt32, streamID: Int32, flags: UInt8, length: Int) {
        switch kind {
        case NGHTTP2_HEADERS.rawValue:
            guard streamID & 1 == 1, !closedStreams.beganHeaders(streamID), find(streamID) == nil else { return }
            if case .error(let code) = closedStreams.judgeHeaders(streamID) { terminate(code) }
        case NGHTTP2_DATA.rawValue:
            if length == 0, flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0 { receivedIdleFrame() }
        case NGHTTP2_RST_STREAM.rawValue, NGHTTP2_GOAWAY.rawValue, NGHTTP2_CONTINUATION.rawValue:
            break
        case NGHTTP2_PRIORITY.rawValue:
            if streamID == 0 { terminate(.protocolError) }
            receivedIdleFrame()
        case NGHTTP2_SETTINGS.rawValue:
            if flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0, let handle { overflow.settingsBegan(handle, streams) }
            receivedIdleFrame()
        default:
            receivedIdleFrame()
        }
    }

    /// Counts a frame without work.
    private func receivedIdleFrame() {
        if flood.received() == .flood { terminate(.enhanceYourCalm) }
    }

    /// SETTINGS came, or the acknowledgement of ours.
    func receivedSettings(isAcknowledgement: Bool) {
        isEstablished = true
        guard !isAcknowledgement, let handle, overflow.isOverflown(handle) else { return }
        terminate(.flowControlError)
    }

    /// A PING of ours was answered; `payload` has its eight bytes.
    func receivedPingAnswer(_ payload: UnsafeRawBufferPointer) {
        if payload.elementsEqual(Self.drainPing) { driver.drainAcknowledged() }
    }

    // MARK: - Callbacks: header blocks

    /// A header block begins; false refuses its stream.
    func beganHeaders(streamID: Int32, isRequest: Bool) -> Bool {
        headerBlockCount += 1
        let stream = isRequest ? openStream(streamID) : find(streamID)
        headerBlock = HeaderBlock(token: headerBlockCount, stream: stream)
        return stream != nil || !isRequest
    }

    private func openStream(_ id: Int32) -> Unmanaged<HTTP2Stream>? {
        gatherer.clear()
        let stream = HTTP2Stream(id: id, session: self)
        guard let handle, handle.attach(stream) else { return nil }
        streams.insert(stream)
        closedStreams.opened(id)
        let reference = Unmanaged.passUnretained(stream)
        recent = (id, reference)
        return reference
    }

    /// One field of the open header block.
    func receivedHeader(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        headerBlock?.stream?._withUnsafeGuaranteedRef { stream in
            stream.headerListSize.add(
                nameBytes: name.count, valueBytes: value.count, limit: Int(limits.headerListBytes))
            // Fields of trailers are counted and dropped.
            if stream.request.isInHeaders, !stream.hasOversizedHeaders { gatherer.append(name: name, value: value) }
        }
    }

    /// The open header block is complete.
    func completedHeaders(isRequest: Bool, isEnd: Bool) {
        let stream = headerBlock?.stream
        headerBlock = nil
        stream?._withUnsafeGuaranteedRef { completedHeaders(of: $0, isRequest: isRequest, isEnd: isEnd) }
    }

    @inline(__always)
    private func completedHeaders(of stream: HTTP2Stream, isRequest: Bool, isEnd: Bool) {
        if isRequest {
            stream.headers = gatherer.take()
            stream.request.completeHeaders(isEnd: isEnd)
            let receiver = application.accept(stream)
            if stream.isOpen { stream.receiver = receiver }
            if isEnd { receiver.receiveEnd() }
        } else if stream.hasOversizedHeaders {
            stream.reset(.enhanceYourCalm)
        } else if isEnd {
            receivedEnd(stream)
        }
    }

    /// libnghttp2 did not send header fields, such as a list beyond its own bound: the peer must not wait for them.
    func failedToSendHeaders(streamID: Int32) {
        withStream(streamID) { $0.reset(.internalError) }
    }

    // MARK: - Callbacks: bodies

    /// A piece of a request body.
    func receivedData(streamID: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let handle else { return }
        // The connection's window is given back at once: one slow handler must not stop the other streams.
        handle.consumeConnection(bytes.count)
        withStream(streamID) { stream in
            if !stream.response.isComplete, let receiver = stream.receiver {
                receiver.receive(bytes)
            } else {
                discard(stream, bytes.count)
            }
        }
    }

    /// The response is complete, so the rest of the request is not needed: a bounded amount is taken, then the peer is
    /// asked to stop.
    private func discard(_ stream: HTTP2Stream, _ byteCount: Int) {
        if stream.request.discard(byteCount) <= limits.discardedBodyBytes {
            stream.consume(byteCount)
        } else if stream.outbound.isEmpty {
            stream.reset(.noError)
        }
    }

    /// The request is complete.
    func receivedEnd(streamID: Int32) {
        withStream(streamID) { receivedEnd($0) }
    }

    private func receivedEnd(_ stream: HTTP2Stream) {
        stream.request = .complete
        if !stream.response.isComplete { stream.receiver?.receiveEnd() }
    }

    /// Moves response bytes to libnghttp2; the result follows its data source protocol.
    func read(
        _ stream: HTTP2Stream, into target: UnsafeMutablePointer<UInt8>, _ length: Int, _ flags: inout UInt32
    ) -> Int {
        let count = stream.outbound.read(into: target, upTo: length)
        if stream.outbound.isEmpty {
            if case .complete(let trailers) = stream.response {
                flags |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
                if handle?.submit(trailers, of: stream.id, &converter) == true {
                    flags |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
                }
            } else if count == 0 {
                stream.outbound.readerWaits()
                return Int(NGHTTP2_ERR_DEFERRED.rawValue)
            }
        }
        if count > 0 { flood.sentData() }
        if stream.outbound.wakeWriter(below: limits.streamBufferBytes / 2) { writable.append(stream) }
        return count
    }

    // MARK: - Callbacks: ends

    /// RST_STREAM came. libnghttp2 reports the stream as closed afterwards.
    func wasReset(streamID: Int32) {
        withStream(streamID) { $0.request = .reset }
    }

    /// libnghttp2 has closed a stream.
    func closed(streamID: Int32, _ code: HTTP2ErrorCode) {
        withStream(streamID) { close($0, code) }
    }

    /// Removes a stream from the list, releases libnghttp2's reference and calls the receiver.
    private func close(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        streams.remove(stream)
        if recent?.id == stream.id { recent = nil }
        closedStreams.closed(stream.id, stream.request.isEndedByPeer ? .byPeer : .byUs)
        stream.leaveSession()
        stream.outbound.removeAll()
        if headerBlock?.stream?.toOpaque() == Unmanaged.passUnretained(stream).toOpaque() { headerBlock = nil }
        handle?.detach(stream)
        let receiver = stream.receiver
        stream.receiver = nil
        receiver?.closed(code)
        SessionHandle.release(stream)
    }

    /// The open stream of that identifier.
    @inline(__always)
    private func find(_ id: Int32) -> Unmanaged<HTTP2Stream>? {
        if let recent, recent.id == id { return recent.stream }
        guard let stream = handle?.stream(id) else { return nil }
        recent = (id, stream)
        return stream
    }

    /// Calls `body` with the open stream of that identifier, if there is one. The reference is not counted: nothing
    /// that `body` calls can close the stream, except `close` itself, which releases it last.
    @inline(__always)
    private func withStream(_ id: Int32, _ body: (HTTP2Stream) -> Void) {
        find(id)?._withUnsafeGuaranteedRef(body)
    }
}
