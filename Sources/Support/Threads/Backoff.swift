/// Counts failures in a row and says how long to pause before the next attempt: `first` after one failure, then twice
/// as long after each further one, up to `longest`.
///
/// A value without a clock: the caller waits, on a ``WakeDescriptor`` or in a task.
public struct Backoff: Sendable {
    /// The pause after the first failure.
    public let first: Duration
    /// The upper bound of every pause.
    public let longest: Duration
    /// Failures since the last success.
    public private(set) var failures = 0

    /// - Parameters:
    ///   - first: above zero.
    ///   - longest: at least `first`.
    public init(first: Duration, longest: Duration) {
        precondition(first > .zero && longest >= first, "a backoff needs 0 < first <= longest")
        self.first = first
        self.longest = longest
    }

    /// Counts a failure and returns the pause that follows it, at least `first` and at most `longest`.
    public mutating func failed() -> Duration {
        failures += 1
        return pause
    }

    /// Forgets the failures: the pause after the next one is `first`.
    public mutating func succeeded() {
        failures = 0
    }

    /// The pause after the failures counted so far; zero when there is none.
    public var pause: Duration {
        guard failures > 0 else { return .zero }
        // 2^30 times any useful first pause is longer than any useful cap, and cannot overflow a Duration.
        return min(longest, first * (1 << min(failures - 1, 30)))
    }
}
