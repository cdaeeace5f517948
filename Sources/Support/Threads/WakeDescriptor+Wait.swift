import Glibc

extension WakeDescriptor {
    /// Blocks the calling thread until somebody calls ``wake()`` or the deadline passes; nil waits for ever. A wake-up
    /// is taken.
    ///
    /// - Returns: whether there was a wake-up.
    @discardableResult
    public func wait(until deadline: ContinuousClock.Instant?) -> Bool {
        var descriptor = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let milliseconds = deadline.map { Self.milliseconds(until: $0) } ?? -1
            let ready = poll(&descriptor, 1, milliseconds)
            // A signal ends poll early; so does the longest wait that poll can express.
            if ready > 0 || (deadline.map { $0 <= .now } ?? false) { return drain() }
        }
    }

    /// Rounded up, so that the last millisecond is not spent polling.
    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let (seconds, attoseconds) = (deadline - .now).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        if seconds > 1_000_000 { return 1_000_000_000 }
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
