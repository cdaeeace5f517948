import Consumers
import ConsumersTestKit
import EventStore
import Orders
import Postgres
import TestKit
import Values

@testable import Payments

/// A database with a running event store.
final class PaymentDatabase: Sendable {
    let postgres: PostgresConfiguration
    let store: EventStore
    private let running: Task<Void, Never>

    init() async throws {
        let postgres = try await TestPostgres.configuration()
        self.postgres = postgres
        let store = try EventStore(postgres: postgres, logger: silence)
        self.store = store
        running = Task { await store.run() }
    }

    func close() async {
        store.shutdown()
        await running.value
    }

    func place(_ details: OrderDetails = details()) async throws -> String {
        try await store.place(details).orderID
    }

    func payment(_ orderID: String) async throws -> PaymentStatus? {
        try await store.load(orderID)?.state.paymentStatus
    }

    /// Places orders and returns the messages that the relay makes of their first events, in the same order.
    func placeWithMessages(_ count: Int) async throws -> (orders: [String], messages: [ConsumedMessage]) {
        let orders = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<count { group.addTask { try await self.place() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let postgres = postgres
        let messages = try await onThread {
            let connection = try PostgresConnection(postgres)
            let rows = try connection.query(
                "SELECT aggregate_id, event_id, event_data FROM event WHERE sequence_number = 0")
            return try Dictionary(
                (0..<rows.count).map { row in
                    (
                        try rows.string(row, 0),
                        told(try rows.string(row, 0), try rows.uuid(row, 1), try rows.bytes(row, 2))
                    )
                }
            ) { $1 }
        }
        return (orders, orders.compactMap { messages[$0] })
    }

    func number(_ sql: String) async throws -> Int64 {
        let postgres = postgres
        return try await onThread { try PostgresConnection(postgres).query(PostgresStatement(sql)).int64(0, 0) }
    }

    func execute(_ sql: String) async throws {
        let postgres = postgres
        try await onThread { try PostgresConnection(postgres).execute(sql) }
    }
}

typealias RunningPayments = RunningConsumer<PaymentsHappening>

extension RunningConsumer<PaymentsHappening> {
    convenience init(
        _ database: PaymentDatabase, _ topic: MemoryTopic, _ gateway: any PaymentGateway,
        _ change: (inout PaymentsConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = PaymentsConfiguration(postgres: database.postgres)
        configuration.attemptsPerOrder = 2
        change(&configuration)
        let log = ConsumerLog<PaymentsHappening>()
        let manager = try PaymentManager(
            configuration, store: database.store, gateway: gateway, observer: log, logger: silence
        ) { MemorySource(topic, $0) }
        self.init(log, run: { try await manager.run() }, stop: { manager.stop() })
    }

    /// Returns when so many orders have been dealt with, in whatever way.
    func untilEnded(_ orders: Int) async {
        await log.until(orders) { $0.isEnd }
    }

    func untilRecovered(_ passes: Int) async {
        await log.until(passes) { if case .recovered = $0 { true } else { false } }
    }
}

extension PaymentsHappening {
    fileprivate var isEnd: Bool {
        switch self {
        case .paid, .declined, .voided, .failed, .nothingToDo: true
        case .recovered, .working: false
        }
    }
}

extension MemoryTopic {
    /// A topic of one partition.
    convenience init() { self.init(partitions: 1) }

    /// Appends a message that says nothing but that something happened to the order.
    func publish(_ orderID: String?, _ type: String = "order_placed") {
        publish([message(0, orderID, type)])
    }

    /// What the group committed in the one partition.
    var committedOffset: Int64? { committed[0] }
}

/// The message of an order's first event.
private func told(_ orderID: String, _ eventID: UUIDBytes, _ payload: [UInt8]) -> ConsumedMessage {
    ConsumedMessage(
        partition: 0, offset: 0, orderID: orderID, sequenceNumber: 0, eventType: "order_placed", eventID: eventID,
        payload: payload[...])
}

/// A message that tells a whole order, which is in no event store.
func placed(_ offset: Int64, _ orderID: String) -> ConsumedMessage {
    let encoded = try? EventCodec.encode(.placed(details()), orderID: orderID, at: 1_767_225_600_000_000)
    return ConsumedMessage(
        partition: 0, offset: offset, orderID: orderID, sequenceNumber: 0, eventType: "order_placed", eventID: .v7(),
        payload: (encoded?.bytes ?? [])[...])
}

/// A message that says nothing but that something happened to the order: what the order is must be loaded.
func message(_ offset: Int64, _ orderID: String?, _ type: String? = "order_placed", partition: Int32 = 0)
    -> ConsumedMessage
{
    ConsumedMessage(
        partition: partition, offset: offset, orderID: orderID, sequenceNumber: nil, eventType: type, payload: [])
}
