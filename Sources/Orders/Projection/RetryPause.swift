/// How long to wait after one failure, and after one more: doubling up to a cap.
struct RetryPause {
    private var failures = 0

    mutating func next() -> Duration {
        let milliseconds = min(
            ProjectionLimits.maximumRetryMilliseconds, ProjectionLimits.minimumRetryMilliseconds << min(failures, 16))
        failures += 1
        return .milliseconds(milliseconds)
    }

    mutating func reset() {
        failures = 0
    }
}
