/// Finds SETTINGS that make a stream's send window exceed 2^31-1, which must end the connection (RFC 9113 §6.9.2).
///
/// libnghttp2 only resets the streams concerned and does not report that it did. So the windows are read before and
/// after it applies a SETTINGS frame.
struct WindowOverflow {
    private var initialWindow: UInt32 = 65_535
    private var windows: [(id: Int32, bytes: Int32)] = []

    /// A SETTINGS frame begins: the windows have the sizes of before.
    mutating func settingsBegan(_ session: SessionHandle, _ streams: StreamList) {
        initialWindow = session.peerInitialWindow
        windows.removeAll(keepingCapacity: true)
        streams.forEach { windows.append(($0.id, session.sendWindow(of: $0.id))) }
    }

    /// libnghttp2 has applied the frame. Whether any window exceeded the maximum: it did not grow at all then.
    func isOverflown(_ session: SessionHandle) -> Bool {
        let initial = session.peerInitialWindow
        guard initial > initialWindow else { return false }
        let growth = Int64(initial - initialWindow)
        return windows.contains { id, before in
            let window = session.sendWindow(of: id)
            return window <= before && Int64(window) + growth > Int64(Int32.max)
        }
    }
}
