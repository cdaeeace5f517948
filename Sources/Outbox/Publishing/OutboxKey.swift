/// What keeps its order: one aggregate.
public struct OutboxKey: Hashable, Sendable, CustomStringConvertible {
    public let aggregateType: String
    public let aggregateID: String

    public init(aggregateType: String, aggregateID: String) {
        self.aggregateType = aggregateType
        self.aggregateID = aggregateID
    }

    public var description: String { "\(aggregateType)/\(aggregateID)" }
}
