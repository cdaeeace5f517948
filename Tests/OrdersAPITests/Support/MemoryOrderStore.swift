import EventStore
import Orders
import Postgres
import Synchronization
import Values

@testable import OrdersAPI

/// Orders in memory, decided by the real domain: the handlers' store without Postgres.
final class MemoryOrderStore: OrderStore {
    private struct State {
        var events: [String: [StoredEvent]] = [:]
        var keys: [String: (hash: [UInt8], outcome: CommandOutcome)] = [:]
        var failure: EventStoreError?
        var microseconds: Int64 = 1_704_103_200_000_000
        var reads = 0
    }

    private let state = Mutex(State())

    /// The number of reads of an order or its history.
    var reads: Int { state.withLock { $0.reads } }

    /// Makes every call throw this error; nil ends that.
    func fail(_ error: EventStoreError?) {
        state.withLock { $0.failure = error }
    }

    func placing(_ details: OrderDetails, options: CommandOptions) -> Reply<CommandOutcome> {
        .answered(run(.place(details), UUIDBytes.v7().description, options))
    }

    func executing(_ command: OrderCommand, on orderID: String, options: CommandOptions) -> Reply<CommandOutcome> {
        .answered(run(command, orderID, options))
    }

    func loading(_ orderID: String) -> Reply<LoadedOrder?> {
        let (events, failure) = state.withLock { state in
            state.reads += 1
            return (state.events[orderID], state.failure)
        }
        return .answered(failure.map { .failure($0) } ?? .success(events?.folded()))
    }

    func history(
        _ orderID: String, from sequenceNumber: Int64, limit: Int
    ) async throws(EventStoreError) -> [StoredEvent] {
        let (events, failure) = state.withLock { state in
            state.reads += 1
            return (state.events[orderID], state.failure)
        }
        if let failure { throw failure }
        return Array((events ?? []).filter { $0.sequenceNumber >= sequenceNumber }.prefix(limit))
    }

    private func run(
        _ command: OrderCommand, _ orderID: String, _ options: CommandOptions
    ) -> Result<CommandOutcome, EventStoreError> {
        state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            if let key = options.idempotencyKey, let known = state.keys[key.key] {
                guard known.hash == key.requestHash else { return .failure(.idempotencyMismatch) }
                return .success(
                    CommandOutcome(orderID: known.outcome.orderID, version: known.outcome.version, replayed: true))
            }
            return Self.append(command, orderID, options, &state)
        }
    }

    private static func append(
        _ command: OrderCommand, _ orderID: String, _ options: CommandOptions, _ state: inout State
    ) -> Result<CommandOutcome, EventStoreError> {
        var history = state.events[orderID] ?? []
        let order = history.folded()
        if let order, let expected = options.missed(at: order.version) {
            return .failure(.conflict(expected: expected, actual: order.version))
        }
        switch decide(command, order?.state) {
        case .failure(let rejection):
            return .failure(rejection.reason == .orderNotFound ? .notFound(orderID: orderID) : .rejected(rejection))
        case .success(let events):
            for event in events {
                history.append(
                    StoredEvent(
                        orderID: orderID, sequenceNumber: Int64(history.count), eventID: UUIDBytes.v7(), event: event,
                        createdAt: state.microseconds))
                state.microseconds += 300_000_000
            }
        }
        state.events[orderID] = history
        let outcome = CommandOutcome(orderID: orderID, version: Int64(history.count), replayed: false)
        if let key = options.idempotencyKey { state.keys[key.key] = (key.requestHash, outcome) }
        return .success(outcome)
    }

    /// All orders with their states, for a list made of them.
    func all() throws(EventStoreError) -> [LoadedOrder] {
        let (events, failure) = state.withLock { ($0.events, $0.failure) }
        if let failure { throw failure }
        return events.values.compactMap { $0.folded() }
    }
}
