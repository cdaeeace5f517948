/// One case in which an invariant does not hold.
public struct InvariantViolation: Hashable, Sendable, CustomStringConvertible {
    /// The invariants that a history can show; the raw value is the name in the architecture.
    public enum Invariant: String, Sendable {
        /// An acknowledged command is durable: its events and its outbox rows, both or neither.
        case durable = "I1"
        /// Sequence numbers of an aggregate are gapless from 0.
        case gapless = "I2"
        /// Every outbox row is in Kafka, bytes untouched.
        case published = "I3"
        /// Per key, first occurrences in Kafka are in sequence order.
        case ordered = "I4"
        /// An order's projection equals the fold of its events.
        case projected = "I5"
    }

    /// The invariant that does not hold.
    public let invariant: Invariant
    /// The aggregate of which it does not hold.
    public let aggregateID: String
    /// One line.
    public let problem: String

    /// Invariant, aggregate and problem in one line.
    public var description: String { "\(invariant.rawValue) \(aggregateID): \(problem)" }
}
