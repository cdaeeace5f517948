public import Glibc

/// The one place that calls `poll`: it rounds deadlines, and goes on after signals.
public enum PollLoop {
    /// Why a wait ended.
    public enum Outcome: Hashable, Sendable {
        /// At least one descriptor is ready, closed or in error; its `revents` says which.
        case ready
        /// The deadline passed and nothing was ready.
        case timedOut
        /// `poll` cannot work: more descriptors than the process may have, or no memory. No `revents` is set.
        case failed(errno: Int32)
    }

    /// Blocks the calling thread until one of the descriptors is ready or the deadline passes.
    ///
    /// A signal does not end the wait. The deadline is never undercut: poll counts whole milliseconds, and the rest of
    /// one is rounded up.
    ///
    /// - Parameters:
    ///   - descriptors: `poll` ignores a negative descriptor. `revents` is filled in.
    ///   - deadline: nil waits without end. A deadline in the past asks once and does not block.
    public static func wait(
        _ descriptors: inout [pollfd], until deadline: ContinuousClock.Instant?
    ) -> Outcome {
        descriptors.withUnsafeMutableBufferPointer { wait($0, until: deadline) }
    }

    /// The same for one descriptor, without an array.
    public static func wait(_ descriptor: inout pollfd, until deadline: ContinuousClock.Instant?) -> Outcome {
        withUnsafeMutablePointer(to: &descriptor) {
            wait(UnsafeMutableBufferPointer(start: $0, count: 1), until: deadline)
        }
    }

    /// Blocks the calling thread until the deadline; a signal does not end the pause.
    public static func pause(until deadline: ContinuousClock.Instant) {
        _ = wait(UnsafeMutableBufferPointer(start: nil, count: 0), until: deadline)
    }

    private static func wait(
        _ descriptors: UnsafeMutableBufferPointer<pollfd>, until deadline: ContinuousClock.Instant?
    ) -> Outcome {
        while true {
            let milliseconds = deadline.map { ($0 - .now).pollMilliseconds } ?? -1
            let count = poll(descriptors.baseAddress, nfds_t(descriptors.count), milliseconds)
            if count > 0 { return .ready }
            if count < 0 {
                if errno != EINTR && errno != EAGAIN { return .failed(errno: errno) }
            } else if let deadline, deadline <= .now {
                // The longest wait that poll can express also ends with 0, before the deadline.
                return .timedOut
            }
        }
    }
}

extension Duration {
    /// Whole milliseconds for `poll` and for C calls with a limit: rounded up, so that a short wait does not become a
    /// busy loop; zero for a negative duration; at most 2,000,000,000 (23 days), which an `int` of C can hold.
    public var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        if seconds >= 2_000_000 { return 2_000_000_000 }
        let attosecondsPerMillisecond: Int64 = 1_000_000_000_000_000
        return Int32(seconds * 1000 + (attoseconds + attosecondsPerMillisecond - 1) / attosecondsPerMillisecond)
    }
}
