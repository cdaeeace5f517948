import CNGHTTP2

/// RFC 9113 §6.9.2: SETTINGS that make any stream's send window exceed 2^31-1 end the connection. libnghttp2 only
/// resets the streams concerned, and does not say that it did: their windows are looked at before and after.
extension HTTP2Session {
    /// A SETTINGS frame begins; what was announced before still holds.
    func settingsBegan() {
        guard let handle else { return }
        initialWindowBeforeSettings = nghttp2_session_get_remote_settings(handle, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE)
        forEachStream { $0.windowBeforeSettings = nghttp2_session_get_stream_remote_window_size(handle, $0.id) }
    }

    /// libnghttp2 has applied the frame. A window that should have grown beyond the maximum has not grown at all.
    func settingsApplied() {
        guard let handle else { return }
        let initial = nghttp2_session_get_remote_settings(handle, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE)
        guard initial > initialWindowBeforeSettings else { return }
        let growth = Int64(initial - initialWindowBeforeSettings)
        var overflows = false
        forEachStream { stream in
            let window = nghttp2_session_get_stream_remote_window_size(handle, stream.id)
            if window <= stream.windowBeforeSettings, Int64(window) + growth > Int64(Int32.max) { overflows = true }
        }
        if overflows { terminate(.flowControlError) }
    }

    private func forEachStream(_ body: (HTTP2Stream) -> Void) {
        var next = firstStream
        while let stream = next {
            next = stream.next
            body(stream)
        }
    }
}
