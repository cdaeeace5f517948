import CNGHTTP2

/// Makes libnghttp2 sessions: options, callbacks and the first SETTINGS. Each callback finds its Swift object and calls
/// one function of it.
enum SessionFactory {
    /// Makes a server session with its SETTINGS queued.
    ///
    /// - Parameters:
    ///   - memory: must outlive the session.
    ///   - userData: an unretained `HTTP2Session`, which must outlive the session.
    static func makeServer(
        limits: HTTP2Limits, memory: SessionMemory, userData: UnsafeMutableRawPointer
    ) throws(HTTP2Error) -> OpaquePointer {
        var options: OpaquePointer?
        guard nghttp2_option_new(&options) == 0, let options else { throw HTTP2Error(.session, "out of memory") }
        defer { nghttp2_option_del(options) }
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_stream_reset_rate_limit(options, limits.streamResetBurst, limits.streamResetsPerSecond)
        nghttp2_option_set_max_continuations(options, limits.continuationFrames)
        nghttp2_option_set_max_settings(options, limits.settingsEntries)
        nghttp2_option_set_max_outbound_ack(options, limits.queuedAcknowledgements)

        var callbacks: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks else {
            throw HTTP2Error(.session, "out of memory")
        }
        defer { nghttp2_session_callbacks_del(callbacks) }
        install(callbacks)

        var session: OpaquePointer?
        var allocator = memory.allocator
        guard nghttp2_session_server_new3(&session, callbacks, userData, options, &allocator) == 0, let session else {
            throw HTTP2Error(.session, "out of memory")
        }
        guard announce(limits, on: session) else {
            nghttp2_session_del(session)
            throw HTTP2Error(.session, "libnghttp2 refused the configured limits")
        }
        return session
    }

    /// Submits our SETTINGS and raises the connection's window above the 64 KiB of the protocol; false if libnghttp2
    /// refuses.
    ///
    /// SETTINGS_NO_RFC7540_PRIORITIES is not among them: with it libnghttp2 forgets closed streams, and no longer
    /// reports DATA on them as an error (RFC 9113 §5.1).
    private static func announce(_ limits: HTTP2Limits, on session: OpaquePointer) -> Bool {
        let settings = [
            entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrentStreams),
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(clamping: limits.streamWindowBytes)),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headerListBytes),
            entry(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, limits.frameBytes),
        ]
        return nghttp2_submit_settings(session, 0, settings, settings.count) == 0
            && nghttp2_session_set_local_window_size(session, 0, 0, limits.connectionWindowBytes) == 0
    }

    private static func entry(_ id: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value)
    }

    // MARK: - Callbacks

    /// Calls `body` with the session that a callback belongs to. The reference is not counted: libnghttp2 calls back
    /// only inside a call that the session itself makes.
    @inline(__always)
    private static func with<R>(_ user: UnsafeMutableRawPointer?, else missing: R, _ body: (HTTP2Session) -> R) -> R {
        guard let user else { return missing }
        return Unmanaged<HTTP2Session>.fromOpaque(user)._withUnsafeGuaranteedRef(body)
    }

    private static func install(_ callbacks: OpaquePointer) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            guard let frame else { return 0 }
            let isRequest = frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
            let streamID = frame.pointee.hd.stream_id
            let isAccepted = SessionFactory.with(user, else: true) {
                $0.beganHeaders(streamID: streamID, isRequest: isRequest)
            }
            return isAccepted ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, _, name, nameLength, value, valueLength, _, user in
            SessionFactory.with(user, else: ()) { session in
                session.receivedHeader(
                    name: UnsafeRawBufferPointer(start: name, count: nameLength),
                    value: UnsafeRawBufferPointer(start: value, count: valueLength))
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            guard let header = header?.pointee else { return 0 }
            SessionFactory.with(user, else: ()) { session in
                session.beganFrame(
                    kind: UInt32(header.type), streamID: header.stream_id, flags: header.flags, length: header.length)
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let frame else { return 0 }
            SessionFactory.with(user, else: ()) { SessionFactory.received(frame, $0) }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, streamID, bytes, count, user in
            SessionFactory.with(user, else: ()) { session in
                session.receivedData(streamID: streamID, UnsafeRawBufferPointer(start: bytes, count: count))
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, user in
            guard let header = frame?.pointee.hd, UInt32(header.type) == NGHTTP2_HEADERS.rawValue else { return 0 }
            SessionFactory.with(user, else: ()) { $0.failedToSendHeaders(streamID: header.stream_id) }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, streamID, code, user in
            SessionFactory.with(user, else: ()) { $0.closed(streamID: streamID, HTTP2ErrorCode(rawValue: code)) }
            return 0
        }
    }

    @inline(__always)
    private static func received(_ frame: UnsafePointer<nghttp2_frame>, _ session: HTTP2Session) {
        let header = frame.pointee.hd
        let isEnd = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            let isRequest = frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
            session.completedHeaders(isRequest: isRequest, isEnd: isEnd)
        case NGHTTP2_DATA.rawValue:
            if isEnd { session.receivedEnd(streamID: header.stream_id) }
        case NGHTTP2_RST_STREAM.rawValue:
            session.wasReset(streamID: header.stream_id)
        case NGHTTP2_SETTINGS.rawValue:
            session.receivedSettings(isAcknowledgement: header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0)
        case NGHTTP2_PING.rawValue:
            guard header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 else { return }
            withUnsafeBytes(of: frame.pointee.ping.opaque_data) { session.receivedPingAnswer($0) }
        default:
            break
        }
    }

    /// The callback by which libnghttp2 asks for response bytes.
    static let readResponse: nghttp2_data_source_read_callback = { _, _, target, length, flags, source, user in
        let failure = Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        guard let pointer = source?.pointee.ptr, let target, let flags else { return failure }
        return SessionFactory.with(user, else: failure) { session in
            // libnghttp2 reads for open streams only, and its session retains an open stream.
            Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { stream in
                session.read(stream, into: target, length, &flags.pointee)
            }
        }
    }
}
