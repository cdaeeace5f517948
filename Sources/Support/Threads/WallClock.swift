import Glibc

/// The time of day, to compare with times that rows, records and certificates carry. Measure durations with
/// `ContinuousClock`: the wall clock can be set back.
public enum WallClock {
    /// Whole microseconds since 1970-01-01 UTC, the resolution of Postgres.
    public static var microsecondsSince1970: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
