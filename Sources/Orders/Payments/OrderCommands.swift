import EventStore
import Orders

/// The part of the event store that payments use.
protocol OrderCommands: Sendable {
    func state(of orderID: String) async throws -> OrderState?
    func execute(_ command: OrderCommand, on orderID: String) async throws
}

/// ``OrderCommands`` by the event store.
struct EventStoreCommands: OrderCommands {
    let store: EventStore

    func state(of orderID: String) async throws -> OrderState? {
        try await store.load(orderID)?.state
    }

    func execute(_ command: OrderCommand, on orderID: String) async throws {
        _ = try await store.execute(command, on: orderID, options: CommandOptions())
    }
}
