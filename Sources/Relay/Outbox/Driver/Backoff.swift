/// Counts failures in a row and says how long to pause: doubling from the first pause to the longest.
final class Backoff {
    private(set) var failures = 0

    func succeeded() { failures = 0 }

    func failed() { failures += 1 }

    var pause: Duration { Self.pause(failures) }

    static func pause(_ failures: Int) -> Duration {
        let milliseconds = OutboxLimits.firstReconnectMilliseconds << max(0, min(failures - 1, 10))
        return .milliseconds(min(milliseconds, OutboxLimits.longestReconnectMilliseconds))
    }
}
