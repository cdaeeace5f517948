public import Operations

/// The result of an audit.
public struct AuditReport: Codable, Sendable {
    /// How much was looked at.
    public struct Checked: Codable, Sendable, Equatable {
        /// Events of the event store.
        public var events = 0
        /// Rows of the outbox.
        public var rows = 0
        /// Records in Kafka.
        public var records = 0
        /// Rows of the read model.
        public var projections = 0
        /// Topics.
        public var topics = 0
    }

    /// Whether there is no difference.
    public var isClean: Bool { differences.isEmpty }
    /// When the audit began, by the clock of Postgres: what was published then must be in Kafka.
    public var takenAt: Moment
    /// How long it took.
    public var seconds: Double
    /// Bytes of memory that the process used at most.
    public var peakBytes: Int
    /// How much was looked at.
    public var checked: Checked
    /// How many there are, by kind; kinds without one are left out.
    public var differences: [String: Int]
    /// The first ones of each kind.
    public var examples: [Difference]
    /// What looks like a difference and is none.
    public var known: KnownCases
    /// What could not be judged.
    public var unjudged: [Unjudged]

    /// Messages per second.
    public var rate: Double { Double(max(checked.records, checked.rows)) / max(seconds, 0.001) }
    /// All differences.
    public var differenceCount: Int { differences.values.reduce(0, +) }
}
