import Postgres
import Values

/// What keeps its order: one aggregate. Equal byte by byte, as Postgres compares: parking one of two ids that merely
/// look alike must not hold the other.
public struct OutboxKey: Hashable, Sendable, CustomStringConvertible {
    public let aggregateType: String
    public let aggregateID: String

    public init(aggregateType: String, aggregateID: String) {
        self.aggregateType = aggregateType
        self.aggregateID = aggregateID
    }

    public static func == (left: OutboxKey, right: OutboxKey) -> Bool {
        ExactText(left.aggregateID) == ExactText(right.aggregateID)
            && ExactText(left.aggregateType) == ExactText(right.aggregateType)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(aggregateID))
        hasher.combine(ExactText(aggregateType))
    }

    public var description: String { "\(aggregateType)/\(aggregateID)" }
}
