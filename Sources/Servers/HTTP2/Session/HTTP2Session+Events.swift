import CNGHTTP2

/// What libnghttp2 tells while it reads; called by its callbacks.
extension HTTP2Session {
    func beganHeaders(streamID: Int32, isRequest: Bool) -> Bool {
        headerBlocks += 1
        openHeaderBlock = headerBlocks
        guard isRequest else {
            building = streamWithID(streamID)
            return true
        }
        guard let handle else { return false }
        gatherer.clear()
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
            gatherer.append(name: name, value: value)
        }
    }

    func completedHeaders(isRequest: Bool, isEnd: Bool) {
        openHeaderBlock = nil
        guard let stream = building else { return }
        building = nil
        if isRequest {
            stream.hasReceivedHeaders = true
            stream.headers = gatherer.take()
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
            guard streamID & 1 == 1, !closedStreams.beganHeaders(streamID), streamWithID(streamID) == nil else {
                return
            }
            enforce(closedStreams.judgeHeaders(streamID))
        case NGHTTP2_DATA.rawValue:
            if length == 0, flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0 { receivedIdleFrame() }
        case NGHTTP2_RST_STREAM.rawValue, NGHTTP2_GOAWAY.rawValue, NGHTTP2_CONTINUATION.rawValue:
            break
        case NGHTTP2_PRIORITY.rawValue:
            if streamID == 0 { terminate(.protocolError) }
            receivedIdleFrame()
        case NGHTTP2_SETTINGS.rawValue:
            if flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { settingsBegan() }
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

    func receivedSettings(isAcknowledgement: Bool) {
        isEstablished = true
        if !isAcknowledgement { settingsApplied() }
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
    func read(_ stream: HTTP2Stream, into target: UnsafeMutablePointer<UInt8>, _ length: Int, _ flags: inout UInt32)
        -> Int
    {
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
}
