/// Every bound of this module, with its unit in the name.
public enum VerifyLimits {
    /// Differences of one kind that are named; beyond, they are counted.
    static let examplesPerKind = 20
    /// Rows that may be held for parked keys while an audit begins.
    static let heldRows = 2_000_000
    /// Decisions of operators on single rows that an audit knows.
    static let decisions = 2_000_000
    /// Different names (topics, event types) of one audit. A name beyond is not compared.
    static let names = 65_000
    /// Progress is told after so many rows, events and records.
    static let countsPerReport = 5_000
    /// How long a question to Kafka may take, in milliseconds.
    static let kafkaMilliseconds = 10_000
    /// Reading Kafka may take so many seconds, and one more for each ``recordsPerSecond`` records.
    static let readingSeconds = 120
    static let recordsPerSecond: Int64 = 10_000
    /// The time of an event and of its row, which are written in one statement, differ by less, in microseconds.
    static let eventSlackMicroseconds: Int64 = 1_000_000
    /// The shortest and the longest pause between two audits, in seconds.
    public static let pauseSeconds = 1...86_400
}

/// Why an audit cannot be made: nothing was found to be wrong with the data.
struct VerifyError: Error, Sendable, CustomStringConvertible {
    /// One sentence for the person who asked.
    let description: String

    init(_ description: String) { self.description = description }
}
