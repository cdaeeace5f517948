import Glibc

/// What a caller waits for on a socket.
struct SocketInterest: OptionSet {
    let rawValue: Int16
    static let read = SocketInterest(rawValue: Int16(POLLIN))
    static let write = SocketInterest(rawValue: Int16(POLLOUT))
}

/// Blocks until the socket is ready or in error. Returns false when the deadline passed first.
func waitForSocket(_ socket: Int32, _ interest: SocketInterest, until deadline: ContinuousClock.Instant?) -> Bool {
    var descriptors = [pollfd(fd: socket, events: interest.rawValue, revents: 0)]
    return pollAll(&descriptors, until: deadline)
}

/// `poll` that goes on after signals. Returns false when the deadline passed with nothing ready.
func pollAll(_ descriptors: inout [pollfd], until deadline: ContinuousClock.Instant?) -> Bool {
    while true {
        let ready = poll(&descriptors, nfds_t(descriptors.count), millisecondsUntil(deadline))
        if ready > 0 { return true }
        if ready == 0 {
            if let deadline, ContinuousClock.now >= deadline { return false }
        } else if errno != EINTR && errno != EAGAIN {
            // A bad descriptor: let the caller's next libpq call report it.
            return true
        }
    }
}

/// Rounded up, so that a wait never ends just before its deadline and spins.
private func millisecondsUntil(_ deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = deadline - ContinuousClock.now
    guard left > .zero else { return 0 }
    let (seconds, attoseconds) = left.components
    let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
    guard !milliseconds.overflow, milliseconds.partialValue < Int64(Int32.max) - 1000 else { return Int32.max }
    return Int32(milliseconds.partialValue + attoseconds / 1_000_000_000_000_000 + 1)
}
