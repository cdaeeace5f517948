package import Outbox
package import Sabotage

/// One run of a simulation.
package struct SimulationOptions: Sendable {
    /// Decides everything that is left to chance.
    package var seed: UInt64
    /// Steps with faults; then everything is healed, and the outbox has to drain.
    package var steps = 400
    /// Relays for the one outbox; nil: one to three, by the seed.
    package var relays: Int?
    /// How often a row may arrive; nil: by the seed.
    package var guarantee: DeliveryGuarantee?
    /// What is broken on purpose.
    package var mutant: Mutant?
    /// Keeps a line for each event.
    package var isTraced = false
    /// Steps that are left out. Every step has chances of its own, so the others stay what they were.
    package var leftOut: Set<Int> = []
    /// Faults that do not happen.
    package var withoutFaults: Set<Fault> = []

    /// A run with this seed and the default of everything else.
    package init(seed: UInt64) { self.seed = seed }
}

/// What can go wrong in a step.
package enum Fault: String, CaseIterable, Sendable {
    /// `kill -9` of a relay, at any place of its work.
    case killedRelay = "killed relay"
    /// SIGSTOP and SIGCONT of a relay, at any place of its work.
    case stoppedRelay = "stopped relay"
    /// SIGTERM of a relay.
    case endedRelay = "ended relay"
    /// A connection to Postgres is lost, before or after a statement.
    case lostConnection = "lost connection"
    /// Postgres crashes, and loses what is not on the disk.
    case crashedPostgres = "crashed Postgres"
    /// Brokers do not answer for a while.
    case kafkaAway = "Kafka away"
    /// Requests to brokers fail, and some of them had an effect.
    case failedRequests = "failed requests"
    /// Calls of a transactional producer have an unknown outcome; its transaction ends by itself.
    case unknownOutcomes = "unknown outcomes"
    /// A key's rows are refused with their batch.
    case poisonedKey = "poisoned key"
    /// A key's rows are refused at once.
    case tooLargeRows = "too large rows"
    /// A topic does not exist for a while.
    case closedTopic = "closed topic"
    /// A session gets no notifications any more.
    case lostNotifications = "lost notifications"
    /// Everything stands still for seconds.
    case stall = "stall"
}

/// What was found wrong.
package struct Violation: Equatable, Sendable, CustomStringConvertible {
    /// Which of the project's invariants.
    package enum Invariant: String, Sendable {
        case rowsLost = "I3"
        case orderLost = "I4"
        case transactionHeld = "I6"
        case twoLeaders = "I7"
        case repeated = "exactly once"
        /// Kafka has what a crash of Postgres can take back, or has taken back.
        case notOnDisk = "I1"
        case noProgress = "progress"
        /// The relay gave up, or the model does not know its statement.
        case relayEnded = "relay ended"
    }

    /// Which rule is broken.
    package var invariant: Invariant
    /// One sentence.
    package var text: String

    /// The rule and the sentence.
    package var description: String { "\(invariant.rawValue): \(text)" }
}

/// How a run ended.
package struct SimulationReport: Sendable {
    /// The first violation; nil if everything held.
    package var violation: Violation?
    /// Steps that were made, with those after the healing.
    package var steps = 0
    /// How long the relays lived, all together, in microseconds of simulated time.
    package var relayMicroseconds: Int64 = 0
    /// Rows that were committed.
    package var rows = 0
    /// Messages in Kafka beyond the first of each row.
    package var repeated = 0
    /// Leaders, one after the other.
    package var epochs: Int64 = 0
    /// Transactions of fenced producers that were refused.
    package var fencings = 0
    /// How often each fault happened.
    package var faults: [Fault: Int] = [:]
    /// What happened, a line each; empty unless asked for.
    package var trace: [String] = []
}
