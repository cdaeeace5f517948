import CNGHTTP2

/// What goes out: frames of the connection and of its streams. All of it only submits.
extension HTTP2Session {
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

    func submitTrailers(_ stream: HTTP2Stream) -> Bool {
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
}
