internal import Glibc
internal import Threads

extension WakeDescriptor {
    /// Blocks until the descriptor rings or the deadline passes, and drains it. Returns whether it rang.
    @discardableResult
    func wait(until deadline: ContinuousClock.Instant) -> Bool {
        var descriptor = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        let left = max(.zero, deadline - ContinuousClock.now)
        // Rounded up, so that a wait never ends in a spin of zero-length polls.
        let milliseconds = (left + .microseconds(999)) / .milliseconds(1)
        let isRung = poll(&descriptor, 1, Int32(clamping: Int64(milliseconds))) > 0
        drain()
        return isRung
    }
}
