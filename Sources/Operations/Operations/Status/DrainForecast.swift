/// What becomes of a backlog at the present rates.
public struct DrainForecast: Codable, Sendable, Equatable {
    /// In words: `drained in 40 s`.
    public var summary: String
    /// Seconds until nothing waits; nil if that does not come.
    public var drainedInSeconds: Double?
    /// By how many rows per second the backlog grows; negative while it shrinks.
    public var growth: Double

    /// Rates below this many rows per second are noise.
    private static let noise = 0.5
    /// A backlog that is written within this time counts as flowing: rows are counted while they are on their way.
    private static let flowingSeconds = 1.0

    /// - Parameters:
    ///   - rows: how many wait.
    ///   - written: rows per second that come.
    ///   - published: rows per second that go.
    init(rows: Int, written: Double, published: Double) {
        growth = written - published
        if rows == 0 {
            (summary, drainedInSeconds) = ("nothing waits", 0)
        } else if Double(rows) <= published * Self.flowingSeconds {
            (summary, drainedInSeconds) = ("flowing", Double(rows) / published)
        } else if growth < -Self.noise {
            let seconds = Double(rows) / -growth
            (summary, drainedInSeconds) = ("drained in \(Self.words(seconds))", seconds)
        } else if growth > Self.noise {
            (summary, drainedInSeconds) = ("never: it grows by \(Int(growth.rounded()))/s", nil)
        } else {
            (summary, drainedInSeconds) = ("never: it neither grows nor shrinks", nil)
        }
    }

    /// `40 s`, `12 min`, `3 h`, `5 days`.
    static func words(_ seconds: Double) -> String {
        switch seconds {
        case ..<1: "less than 1 s"
        case ..<120: "\(Int(seconds.rounded())) s"
        case ..<7_200: "\(Int((seconds / 60).rounded())) min"
        case ..<172_800: "\(Int((seconds / 3_600).rounded())) h"
        case ..<31_536_000: "\(Int((seconds / 86_400).rounded())) days"
        default: "more than a year"
        }
    }
}

extension OutboxStatus {
    /// Fills in rates and forecast from an earlier status of the same outbox.
    mutating func compare(with earlier: OutboxStatus) {
        let seconds = takenAt.seconds(since: earlier.takenAt)
        guard seconds > 0, let backlog, let before = earlier.backlog, let newest = backlog.newestId else { return }
        let written = max(0, newest - (before.newestId ?? newest))
        let published = Int(written) + before.rows - backlog.rows
        let rates = Rates(
            written: Double(written) / seconds, published: Double(max(0, published)) / seconds, overSeconds: seconds)
        self.rates = rates
        forecast = DrainForecast(rows: backlog.rows, written: rates.written, published: rates.published)
    }
}
