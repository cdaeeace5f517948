public import Operations
public import Verify

/// What a run of drills found.
public struct DrillReport: Codable, Sendable {
    /// What must hold, and a drill judges. The raw value is the column of the scoreboard.
    public enum Invariant: String, Codable, Sendable, CaseIterable {
        /// An acknowledged command is durable, event and row.
        case durable
        /// Sequence numbers have no gap.
        case gapless
        /// Every row is in Kafka, byte for byte, and nothing else is.
        case published
        /// The first occurrences of a key are in its order.
        case ordered
        /// The read model is the fold of the events.
        case projected
        /// The same idempotency key is one order.
        case once
        /// A cancelled order is not paid.
        case unpaid
        /// After the fault nothing stays on its way, and no operator was needed.
        case drained
        /// SIGTERM ends each service with status 0.
        case stopped
        /// With exactly-once delivery, or if processes were ended by SIGTERM alone, no reader of committed messages
        /// sees an event twice.
        case single
        /// The checkpoint is moved by the leader of its epoch and by nobody else.
        case fenced
        /// The relay holds no transaction open.
        case brief
        /// Clients do not notice what happens to the relay, to Kafka or to consumers.
        case quick
        /// `/readyz` and the metrics tell the truth, during the fault and after it.
        case honest
        /// No dead rows pile up.
        case lean
    }

    /// A moment of a drill.
    public struct Mark: Codable, Sendable {
        /// Since its load began.
        public var seconds: Double
        /// What was done.
        public var text: String
    }

    /// A point of the timeline.
    public struct Sample: Codable, Sendable {
        /// Since the load began.
        public var seconds: Double
        /// Acknowledged orders per second since the point before.
        public var ordersPerSecond: Double
        /// Rows that wait for the relay; nil while Postgres does not answer.
        public var backlog: Int?
        /// The longest wait of a client since the point before.
        public var worstWaitSeconds: Double
    }

    /// One run of one drill.
    public struct Run: Codable, Sendable {
        /// Of the drill.
        public var name: String
        /// What it does.
        public var summary: String
        /// Decides the random moments.
        public var seed: UInt64
        /// How many times each invariant was violated; one that was not judged is missing.
        public var violations: [String: Int]
        /// The first violations, and what broke the drill off.
        public var findings: [String]
        /// Whether the drill could not be finished.
        public var isBroken: Bool
        /// Acknowledged orders.
        public var acknowledged: Int
        /// Records that repeat an event.
        public var duplicates: Int
        /// From the end of the fault until nothing was on its way.
        public var recoverySeconds: Double?
        /// The longest time from a client's first try to its answer.
        public var worstWaitSeconds: Double
        /// Of the whole drill.
        public var seconds: Double
        /// What the audit compared.
        public var audited: AuditReport.Checked?
        /// What was done when.
        public var marks: [Mark]
        /// The timeline.
        public var samples: [Sample]
        /// Where logs are; nil where they were removed, because nothing was found.
        public var logs: String?
        /// Repeats this run.
        public var command: String

        /// Whether nothing was violated and the drill was finished.
        public var isClean: Bool { !isBroken && violations.values.allSatisfy { $0 == 0 } }
    }

    /// When the first drill began.
    public var beganAt: Moment
    /// `at-least-once` or `exactly-once`.
    public var delivery: String
    /// In the order in which they were run.
    public var runs: [Run] = []

    /// Whether all runs are clean.
    public var isClean: Bool { runs.allSatisfy(\.isClean) }
    /// All violations.
    public var violations: Int { runs.reduce(0) { $0 + $1.violations.values.reduce(0, +) } }

    /// A report without runs.
    public init(beganAt: Moment, delivery: String) { (self.beganAt, self.delivery) = (beganAt, delivery) }
}
