import CNGHTTP2

/// The C session of libnghttp2 behind Swift names. `HTTP2Session` owns it, and frees it once.
///
/// The functions called `submit…` queue a frame and may be called inside a callback of libnghttp2; they have no effect
/// if the stream is closed. `receive` and `nextBytes` make the callbacks and must not be called inside one.
struct SessionHandle {
    private let session: OpaquePointer

    /// - Parameters:
    ///   - memory: must outlive the session.
    ///   - owner: is called back; must outlive the session.
    init(limits: HTTP2Limits, memory: SessionMemory, owner: HTTP2Session) throws(HTTP2Error) {
        session = try SessionFactory.makeServer(
            limits: limits, memory: memory, userData: Unmanaged.passUnretained(owner).toOpaque())
    }

    /// Frees the session. libnghttp2 does not report its open streams as closed here.
    func free() { nghttp2_session_del(session) }

    // MARK: - Bytes

    /// What became of bytes from the peer.
    enum Reception {
        case processed
        /// The connection cannot go on.
        case failed
        /// The connection cannot go on, because a limit of libnghttp2 was exceeded.
        case flooded
    }

    /// Processes bytes from the peer.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Reception {
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return .processed }
        let result = nghttp2_session_mem_recv(session, base, bytes.count)
        guard result < 0 else { return .processed }
        let isFlood =
            result == Int(NGHTTP2_ERR_FLOODED.rawValue) || result == Int(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue)
        return isFlood ? .flooded : .failed
    }

    /// The next bytes for the peer, valid until the next call; nil when there are none.
    func nextBytes() -> UnsafeRawBufferPointer? {
        var bytes: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &bytes)
        guard count > 0, let bytes else { return nil }
        return UnsafeRawBufferPointer(start: bytes, count: count)
    }

    /// Whether neither side has anything more to send.
    var isOver: Bool { nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 }

    // MARK: - Streams

    /// Binds a stream to its identifier and retains it; false if libnghttp2 does not know the identifier.
    func attach(_ stream: HTTP2Stream) -> Bool {
        let pointer = Unmanaged.passRetained(stream)
        guard nghttp2_session_set_stream_user_data(session, stream.id, pointer.toOpaque()) == 0 else {
            pointer.release()
            return false
        }
        return true
    }

    /// Unbinds a stream that was attached. The caller releases it with `release`.
    func detach(_ stream: HTTP2Stream) { nghttp2_session_set_stream_user_data(session, stream.id, nil) }

    /// Gives the reference of `attach` back.
    static func release(_ stream: HTTP2Stream) { Unmanaged.passUnretained(stream).release() }

    /// The stream that is attached to an identifier.
    func stream(_ id: Int32) -> Unmanaged<HTTP2Stream>? {
        guard let pointer = nghttp2_session_get_stream_user_data(session, id) else { return nil }
        return Unmanaged<HTTP2Stream>.fromOpaque(pointer)
    }

    // MARK: - Windows

    /// SETTINGS_INITIAL_WINDOW_SIZE as the peer announced it last.
    var peerInitialWindow: UInt32 { nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) }

    /// Bytes that the peer takes on a stream; below zero after it has made its windows smaller.
    func sendWindow(of id: Int32) -> Int32 { nghttp2_session_get_stream_remote_window_size(session, id) }

    /// Gives bytes of the connection's receive window back.
    func consumeConnection(_ byteCount: Int) { nghttp2_session_consume_connection(session, byteCount) }

    /// Gives bytes of a stream's receive window back.
    func consume(_ id: Int32, _ byteCount: Int) { nghttp2_session_consume_stream(session, id, byteCount) }

    // MARK: - Frames of the connection

    /// The first GOAWAY of a graceful close: the peer should open no more streams.
    func submitShutdownNotice() { nghttp2_submit_shutdown_notice(session) }

    /// The second GOAWAY of a graceful close: no stream after the last one seen is served.
    func submitFinalGoAway() {
        let last = nghttp2_session_get_last_proc_stream_id(session)
        nghttp2_submit_goaway(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, 0, nil, 0)
    }

    /// PING with eight bytes of payload.
    func submitPing(_ payload: [UInt8]) {
        assert(payload.count == 8, "a PING has eight bytes")
        nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), payload)
    }

    /// GOAWAY with an error. libnghttp2 processes no frames of streams after it.
    func terminate(_ code: HTTP2ErrorCode) { nghttp2_session_terminate_session(session, code.rawValue) }

    // MARK: - Frames of streams

    /// HEADERS of a response. Its body, if it has one, comes from the session's `read`.
    func submitResponse(
        _ stream: HTTP2Stream, _ fields: [HTTP2Field], hasBody: Bool, _ converter: inout FieldConverter
    ) {
        converter.convert(fields) { values, count in
            if hasBody {
                submitResponse(stream, values, count)
            } else {
                nghttp2_submit_response(session, stream.id, values, count, nil)
            }
        }
    }

    /// HEADERS of a response whose body comes from the session's `read`.
    func submitResponse(_ stream: HTTP2Stream, _ block: HTTP2FieldBlock) {
        submitResponse(stream, block.values.baseAddress, block.values.count)
    }

    private func submitResponse(_ stream: HTTP2Stream, _ values: UnsafePointer<nghttp2_nv>?, _ count: Int) {
        var provider = nghttp2_data_provider()
        provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
        provider.read_callback = SessionFactory.readResponse
        nghttp2_submit_response(session, stream.id, values, count, &provider)
    }

    /// HEADERS that end a response. False if there are no trailers, or libnghttp2 did not take them.
    func submit(_ trailers: ResponseState.Trailers, of id: Int32, _ converter: inout FieldConverter) -> Bool {
        switch trailers {
        case .none:
            return false
        case .fields(let fields):
            return converter.convert(fields) { nghttp2_submit_trailer(session, id, $0, $1) == 0 }
        case .block(let block):
            return nghttp2_submit_trailer(session, id, block.values.baseAddress, block.values.count) == 0
        }
    }

    /// RST_STREAM.
    func submitReset(_ id: Int32, _ code: HTTP2ErrorCode) { nghttp2_submit_rst_stream(session, 0, id, code.rawValue) }

    /// Makes libnghttp2 read a response's body again after the session's `read` had no bytes.
    func resume(_ id: Int32) { nghttp2_session_resume_data(session, id) }
}
