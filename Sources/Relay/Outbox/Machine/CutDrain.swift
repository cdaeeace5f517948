/// One cut on its way to Kafka, row by row or in transactions.
protocol CutDrain {
    /// All rows are read and offered.
    var isOffered: Bool { get }
    /// The pause before the next cut was taken.
    var hasRested: Bool { get set }
    /// The next action; `.advance` when the cut is drained, `.stop` when asked to and nothing is in flight.
    mutating func next(_ sight: RelaySight) -> RelayAction
}
