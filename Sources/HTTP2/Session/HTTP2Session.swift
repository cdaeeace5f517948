import CNGHTTP2
import NIOCore

/// One libnghttp2 server session: the only owner of its handle. Not a channel handler, it does no I/O: bytes go in by
/// `receive`, bytes come out by `produce`.
///
/// libnghttp2 forbids `mem_recv` and `mem_send` inside its callbacks; everything a stream does only submits.
final class HTTP2Session {
    let limits: HTTP2Limits
    let peer: HTTP2Peer
    let context: HTTP2LoopContext
    private let application: any HTTP2Application
    /// Tells the driver that there is output; may be called inside a callback.
    private let needsFlush: () -> Void
    private var handle: OpaquePointer?

    private var firstStream: HTTP2Stream?
    private(set) var streamCount = 0
    private var becameWritable: [HTTP2Stream] = []
    private var scratch: [UInt8] = []
    private var isFlushRequested = false
    /// The stream that was looked up last: its frames mostly come in a row.
    private unowned(unsafe) var recent: HTTP2Stream?
    private var flood: FloodGuard
    private var closedStreams = ClosedStreams()
    /// Time since the session began, as precise as the connection's ticks.
    private(set) var coarseTime = Duration.zero

    /// Changes with each header block; nil between blocks.
    private(set) var openHeaderBlock: UInt64?
    private var headerBlocks: UInt64 = 0
    private var building: HTTP2Stream?
    /// The peer's first SETTINGS came.
    private(set) var isEstablished = false
    /// The PING that goes with the first GOAWAY was answered.
    var drainAcknowledged: () -> Void = {}
    /// The first GOAWAY is on its way out; the PING follows it. (libnghttp2 would send a PING submitted now before it.)
    private var isDrainPingDue = false

    static let drainPing: [UInt8] = Array("drainrtt".utf8)
    static let keepalivePing: [UInt8] = Array("areyouok".utf8)

    init(
        limits: HTTP2Limits, peer: HTTP2Peer, context: HTTP2LoopContext, application: any HTTP2Application,
        needsFlush: @escaping () -> Void
    ) throws(HTTP2Error) {
        self.limits = limits
        self.peer = peer
        self.context = context
        self.application = application
        self.needsFlush = needsFlush
        flood = FloodGuard(limits: limits)
        let user = Unmanaged.passUnretained(self).toOpaque()
        handle = try SessionFactory.makeServer(limits: limits, userData: user)
    }

    deinit {
        if let handle { nghttp2_session_del(handle) }
    }

    // MARK: - Bytes

    /// Processes bytes from the peer; false when the connection is beyond saving (its GOAWAY is in the output).
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let handle else { return false }
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return true }
        let result = nghttp2_session_mem_recv(handle, base, bytes.count)
        guard result < 0 else { return true }
        // libnghttp2 gave up without a word; the peer gets one all the same.
        let isFlood = result == Int(NGHTTP2_ERR_FLOODED.rawValue) || result == Int(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue)
        terminate(isFlood ? .enhanceYourCalm : .protocolError)
        return false
    }

    /// Appends frames until `limit` bytes are there or nothing is left; false when nothing is left.
    func produce(into buffer: inout ByteBuffer, limit: Int) -> Bool {
        guard let handle else { return false }
        isFlushRequested = false
        var more = true
        while more, buffer.readableBytes < limit {
            var bytes: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(handle, &bytes)
            if count > 0, let bytes {
                buffer.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count))
            } else if isDrainPingDue {
                isDrainPingDue = false
                nghttp2_submit_ping(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), Self.drainPing)
            } else {
                more = false
            }
        }
        reportWritable()
        return more
    }

    /// Neither side has anything to say.
    var isOver: Bool {
        guard let handle else { return true }
        return nghttp2_session_want_read(handle) == 0 && nghttp2_session_want_write(handle) == 0
    }

    /// Closes every stream and frees the handle. libnghttp2 does not call `on_stream_close` here, so the list is ours.
    func invalidate(_ code: HTTP2ErrorCode) {
        guard let handle else { return }
        self.handle = nil
        while let stream = firstStream { close(stream, code) }
        nghttp2_session_del(handle)
    }

    private func reportWritable() {
        guard !becameWritable.isEmpty else { return }
        let streams = becameWritable
        becameWritable.removeAll(keepingCapacity: true)
        for stream in streams where stream.isOpen { stream.receiver?.becameWritable() }
    }

    /// Tells the driver, once per production.
    @inline(__always)
    private func requestFlush() {
        guard !isFlushRequested else { return }
        isFlushRequested = true
        needsFlush()
    }

    // MARK: - Connection-level frames

    /// Announces the end: the peer should open no more streams, those on their way are still served.
    func submitShutdownNotice() {
        guard let handle else { return }
        nghttp2_submit_shutdown_notice(handle)
        isDrainPingDue = true
        requestFlush()
    }

    /// The second GOAWAY: no stream after the last one seen is served.
    func submitFinalGoAway() {
        guard let handle else { return }
        let last = nghttp2_session_get_last_proc_stream_id(handle)
        nghttp2_submit_goaway(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, 0, nil, 0)
        requestFlush()
    }

    func submitKeepalivePing() {
        guard let handle else { return }
        nghttp2_submit_ping(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), Self.keepalivePing)
        requestFlush()
    }

    /// GOAWAY with an error; everything after it is moot.
    func terminate(_ code: HTTP2ErrorCode) {
        guard let handle else { return }
        nghttp2_session_terminate_session(handle, code.rawValue)
        requestFlush()
    }

    // MARK: - What streams submit

    func submitResponse(_ stream: HTTP2Stream, _ fields: [HTTP2Field], end: Bool) {
        guard let handle else { return }
        withNameValues(fields) { values, count in
            if end {
                _ = nghttp2_submit_response(handle, stream.id, values, count, nil)
            } else {
                var provider = nghttp2_data_provider()
                provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
                provider.read_callback = SessionFactory.readResponse
                _ = nghttp2_submit_response(handle, stream.id, values, count, &provider)
            }
        }
        requestFlush()
    }

    func submitResponse(_ stream: HTTP2Stream, _ block: HTTP2FieldBlock) {
        guard let handle else { return }
        var provider = nghttp2_data_provider()
        provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
        provider.read_callback = SessionFactory.readResponse
        _ = nghttp2_submit_response(handle, stream.id, block.values.baseAddress, block.values.count, &provider)
        requestFlush()
    }

    func submitInformation(_ stream: HTTP2Stream, _ fields: [HTTP2Field]) {
        guard let handle else { return }
        withNameValues(fields) { values, count in
            _ = nghttp2_submit_headers(handle, 0, stream.id, nil, values, count, nil)
        }
        requestFlush()
    }

    private func submitTrailers(_ stream: HTTP2Stream) -> Bool {
        guard let handle else { return false }
        if let block = stream.trailerBlock {
            return nghttp2_submit_trailer(handle, stream.id, block.values.baseAddress, block.values.count) == 0
        }
        return withNameValues(stream.trailers) { values, count in
            nghttp2_submit_trailer(handle, stream.id, values, count) == 0
        }
    }

    func submitReset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard let handle else { return }
        nghttp2_submit_rst_stream(handle, 0, stream.id, code.rawValue)
        requestFlush()
    }

    func resume(_ stream: HTTP2Stream) {
        guard let handle, stream.isDeferred else { return }
        stream.isDeferred = false
        nghttp2_session_resume_data(handle, stream.id)
        requestFlush()
    }

    func consume(_ stream: HTTP2Stream, _ byteCount: Int) {
        guard let handle else { return }
        nghttp2_session_consume_stream(handle, stream.id, byteCount)
        requestFlush()
    }

    /// Builds libnghttp2's array for one call. Literals are passed by pointer for ever; other bytes are gathered in one
    /// scratch array that lives until the call has copied them.
    @discardableResult
    private func withNameValues<R>(
        _ fields: [HTTP2Field], _ body: (UnsafePointer<nghttp2_nv>?, Int) -> R
    ) -> R {
        scratch.removeAll(keepingCapacity: true)
        for field in fields { field.appendDynamicBytes(to: &scratch) }
        return scratch.withUnsafeMutableBufferPointer { scratch in
            withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count) { values in
                var offset = 0
                for index in fields.indices {
                    values.initializeElement(
                        at: index, to: fields[index].nameValue(dynamicBytes: scratch.baseAddress, offset: &offset))
                }
                return body(UnsafePointer(values.baseAddress), fields.count)
            }
        }
    }

    // MARK: - Called by the callbacks

    func beganHeaders(streamID: Int32, isRequest: Bool) -> Bool {
        headerBlocks += 1
        openHeaderBlock = headerBlocks
        guard isRequest else {
            building = streamWithID(streamID)
            return true
        }
        guard let handle else { return false }
        let stream = HTTP2Stream(id: streamID, session: self)
        let pointer = Unmanaged.passRetained(stream)
        guard nghttp2_session_set_stream_user_data(handle, streamID, pointer.toOpaque()) == 0 else {
            pointer.release()
            return false
        }
        link(stream)
        closedStreams.opened(streamID)
        building = stream
        return true
    }

    func receivedHeader(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        guard let stream = building else { return }
        stream.headerBytes += name.count + value.count + 32
        if stream.headerBytes > Int(limits.headerListBytes) {
            stream.hasOversizedHeaders = true
        } else if !stream.hasReceivedHeaders {
            stream.headers.append(name: name, value: value)
        }
    }

    func completedHeaders(isRequest: Bool, isEnd: Bool) {
        openHeaderBlock = nil
        guard let stream = building else { return }
        building = nil
        if isRequest {
            stream.hasReceivedHeaders = true
            if isEnd { stream.hasReceivedEnd = true }
            let receiver = application.accept(stream)
            if stream.isOpen { stream.receiver = receiver }
            if isEnd { receiver.receiveEnd() }
        } else if stream.hasOversizedHeaders {
            stream.reset(.enhanceYourCalm)
        } else if isEnd {
            receivedEnd(stream)
        }
    }

    func receivedData(streamID: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let handle else { return }
        // The connection's window is given back at once: one slow handler must not stop its neighbours.
        nghttp2_session_consume_connection(handle, bytes.count)
        guard let stream = streamWithID(streamID) else { return }
        if stream.isFinished || stream.receiver == nil {
            discard(stream, bytes.count)
        } else {
            stream.receiver?.receive(bytes)
        }
    }

    /// The response is out, the rest of the request is of no interest: take a bounded amount, then say so.
    private func discard(_ stream: HTTP2Stream, _ byteCount: Int) {
        stream.discarded += byteCount
        if stream.discarded <= limits.discardedBodyBytes {
            stream.consume(byteCount)
        } else if stream.outbound.isEmpty {
            stream.reset(.noError)
        }
    }

    func receivedEnd(streamID: Int32) {
        if let stream = streamWithID(streamID) { receivedEnd(stream) }
    }

    private func receivedEnd(_ stream: HTTP2Stream) {
        stream.hasReceivedEnd = true
        if !stream.isFinished { stream.receiver?.receiveEnd() }
    }

    /// A frame begins. What libnghttp2 would let pass although RFC 9113 forbids it ends the connection.
    func beganFrame(kind: UInt32, streamID: Int32, flags: UInt8, length: Int) {
        switch kind {
        case NGHTTP2_HEADERS.rawValue:
            guard streamID & 1 == 1, !closedStreams.beganHeaders(streamID), streamWithID(streamID) == nil else { return }
            enforce(closedStreams.judgeHeaders(streamID))
        case NGHTTP2_DATA.rawValue:
            if length == 0, flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0 { receivedIdleFrame() }
        case NGHTTP2_RST_STREAM.rawValue, NGHTTP2_GOAWAY.rawValue, NGHTTP2_CONTINUATION.rawValue:
            break
        case NGHTTP2_PRIORITY.rawValue:
            if streamID == 0 { terminate(.protocolError) }
            receivedIdleFrame()
        default:
            receivedIdleFrame()
        }
    }

    private func enforce(_ verdict: ClosedStreams.Verdict) {
        if case .error(let code) = verdict { terminate(code) }
    }

    func wasReset(streamID: Int32) {
        streamWithID(streamID)?.wasResetByPeer = true
    }

    /// A frame without work came.
    private func receivedIdleFrame() {
        if flood.received() == .flood { terminate(.enhanceYourCalm) }
    }

    /// libnghttp2 could not send header fields, such as a list beyond its own bound: the peer must not wait for them.
    func failedToSendHeaders(streamID: Int32) {
        if let stream = streamWithID(streamID) { stream.reset(.internalError) }
    }

    func receivedSettings() {
        isEstablished = true
    }

    func receivedPingAnswer(_ isDrain: Bool) {
        if isDrain { drainAcknowledged() }
    }

    /// Time has passed: the flood guard forgives, overdue requests are told.
    func elapsed(_ duration: Duration) {
        flood.elapsed(duration)
        coarseTime += duration
        var overdue: [HTTP2Stream] = []
        var next = firstStream
        while let stream = next {
            next = stream.next
            if let due = stream.overdueAt, coarseTime >= due, !stream.hasReceivedEnd {
                stream.overdueAt = nil
                overdue.append(stream)
            }
        }
        for stream in overdue { stream.receiver?.requestTimedOut() }
    }

    func closed(streamID: Int32, _ code: HTTP2ErrorCode) {
        guard let stream = streamWithID(streamID) else { return }
        close(stream, code)
    }

    /// Moves response bytes to libnghttp2; the answer is its data source protocol.
    func read(_ stream: HTTP2Stream, into target: UnsafeMutablePointer<UInt8>, _ length: Int, _ flags: inout UInt32) -> Int {
        let count = stream.outbound.read(into: target, upTo: length)
        if stream.outbound.isEmpty {
            if stream.isFinished {
                flags |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
                if stream.trailerBlock != nil || !stream.trailers.isEmpty, submitTrailers(stream) {
                    flags |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
                }
            } else if count == 0 {
                stream.isDeferred = true
                return Int(NGHTTP2_ERR_DEFERRED.rawValue)
            }
        }
        if count > 0 { flood.sentData() }
        if stream.reportsWritable, stream.outbound.count < limits.streamBufferBytes / 2 {
            stream.reportsWritable = false
            becameWritable.append(stream)
        }
        return count
    }

    // MARK: - The list of streams

    @inline(__always)
    private func streamWithID(_ id: Int32) -> HTTP2Stream? {
        if let recent, recent.id == id { return recent }
        guard let handle, let pointer = nghttp2_session_get_stream_user_data(handle, id) else { return nil }
        let stream = Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
        recent = stream
        return stream
    }

    private func link(_ stream: HTTP2Stream) {
        stream.next = firstStream
        firstStream?.previous = stream
        firstStream = stream
        streamCount += 1
    }

    /// Takes a stream off the list, gives back libnghttp2's reference and tells its receiver. The only place that does.
    private func close(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        if stream.previous == nil { firstStream = stream.next } else { stream.previous?.next = stream.next }
        stream.next?.previous = stream.previous
        stream.previous = nil
        stream.next = nil
        streamCount -= 1
        if recent === stream { recent = nil }
        closedStreams.closed(stream.id, stream.wasResetByPeer || stream.hasReceivedEnd ? .byPeer : .byUs)
        stream.session = nil
        stream.outbound.removeAll()
        if building === stream {
            building = nil
            openHeaderBlock = nil
        }
        if let handle { nghttp2_session_set_stream_user_data(handle, stream.id, nil) }
        let receiver = stream.receiver
        stream.receiver = nil
        receiver?.closed(code)
        Unmanaged.passUnretained(stream).release()
    }
}
