import Operations

/// The last report of the drills, as far as the console shows it: what `outboxctl drill run --report FILE` writes.
///
/// It reads what it knows and no more, so that a report of another release can be shown as well.
struct DrillScoreboard: Decodable, Sendable {
    /// A moment of a run.
    struct Mark: Codable, Sendable {
        /// Since the load began.
        var seconds: Double
        /// What was done.
        var text: String
    }

    /// A point of the timeline.
    struct Sample: Codable, Sendable {
        /// Since the load began.
        var seconds: Double
        /// Acknowledged.
        var ordersPerSecond: Double
        /// Rows that wait; nil while Postgres did not answer.
        var backlog: Int?
        /// Of the clients since the point before.
        var worstWaitSeconds: Double
    }

    /// One run of one drill.
    struct Run: Codable, Sendable {
        /// Of the drill.
        var name: String
        /// What it does.
        var summary: String
        /// Decides the random moments.
        var seed: UInt64
        /// How many times each invariant was violated; one that was not judged is missing.
        var violations: [String: Int]
        /// The first violations, and what broke the drill off.
        var findings: [String]
        /// Whether it could not be finished.
        var isBroken: Bool
        /// Orders.
        var acknowledged: Int
        /// Records that repeat an event.
        var duplicates: Int
        /// From the end of the fault until nothing was on its way.
        var recoverySeconds: Double?
        /// Of a client.
        var worstWaitSeconds: Double
        /// Of the whole run.
        var seconds: Double
        /// Where logs are, of a run that found something.
        var logs: String?
        /// Repeats the run.
        var command: String
        /// What was done when; nil in a scoreboard.
        var marks: [Mark]?
        /// The timeline; nil in a scoreboard.
        var samples: [Sample]?
    }

    /// When the first run began.
    var beganAt: Moment
    /// How rows reached Kafka.
    var delivery: String
    /// In the order in which they were made.
    var runs: [Run]
}
