import EventStore

/// The part of the event store that payments use.
protocol OrderCommands: Sendable {
    func execute(_ commands: [BatchedCommand]) async -> [BatchedOutcome]
}

extension EventStore: OrderCommands {}
