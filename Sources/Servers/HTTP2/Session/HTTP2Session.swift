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
    let application: any HTTP2Application
    /// Tells the driver that there is output; may be called inside a callback.
    private let needsFlush: () -> Void
    var handle: OpaquePointer?

    var firstStream: HTTP2Stream?
    var streamCount = 0
    var becameWritable: [HTTP2Stream] = []
    var scratch: [UInt8] = []
    /// The fields of the header block that is open.
    var gatherer = FieldGatherer()
    private var isFlushRequested = false
    /// The stream that was looked up last: its frames mostly come in a row.
    private unowned(unsafe) var recent: HTTP2Stream?
    var flood: FloodGuard
    var closedStreams = ClosedStreams()
    /// Time since the session began, as precise as the connection's ticks.
    var coarseTime = Duration.zero

    /// Changes with each header block; nil between blocks.
    var openHeaderBlock: UInt64?
    var headerBlocks: UInt64 = 0
    var building: HTTP2Stream?
    /// SETTINGS_INITIAL_WINDOW_SIZE as it was when the peer's last SETTINGS began.
    var initialWindowBeforeSettings: UInt32 = 65_535
    /// The peer's first SETTINGS came.
    var isEstablished = false
    /// The PING that goes with the first GOAWAY was answered.
    var drainAcknowledged: () -> Void = {}
    /// The first GOAWAY is on its way out; the PING follows it. (libnghttp2 would send a PING submitted now before it.)
    var isDrainPingDue = false

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
        handle = try SessionFactory.makeServer(limits: limits, memory: context.memory, userData: user)
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
        let isFlood =
            result == Int(NGHTTP2_ERR_FLOODED.rawValue) || result == Int(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue)
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
    func requestFlush() {
        guard !isFlushRequested else { return }
        isFlushRequested = true
        needsFlush()
    }

    // MARK: - The list of streams

    @inline(__always)
    func streamWithID(_ id: Int32) -> HTTP2Stream? {
        if let recent, recent.id == id { return recent }
        guard let handle, let pointer = nghttp2_session_get_stream_user_data(handle, id) else { return nil }
        let stream = Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
        recent = stream
        return stream
    }

    func link(_ stream: HTTP2Stream) {
        stream.next = firstStream
        firstStream?.previous = stream
        firstStream = stream
        streamCount += 1
    }

    /// Takes a stream off the list, gives back libnghttp2's reference and tells its receiver. The only place that does.
    func close(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
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
