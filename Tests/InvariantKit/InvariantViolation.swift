/// One thing that does not hold and must.
public struct InvariantViolation: Hashable, Sendable, CustomStringConvertible {
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

    public let invariant: Invariant
    /// The aggregate it is about.
    public let aggregateID: String
    public let problem: String

    public var description: String { "\(invariant.rawValue) \(aggregateID): \(problem)" }
}
