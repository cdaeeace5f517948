import EventStore
import Logging
import Orders
import Postgres
import TestKit
import Threads

/// An event store that runs on a fresh database while the body of a test runs.
struct Fixture: Sendable {
    let store: EventStore
    let postgres: PostgresConfiguration

    static let details = OrderDetails(
        customerID: "customer", vendorID: "vendor", productID: "product", quantity: 5,
        totalPrice: Money(cents: 9_999)!, paymentMethod: "CREDIT_CARD")

    static func quietLogger() -> Logger {
        Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
    }

    static func configuration(lanes: Int = 2) -> EventStoreConfiguration {
        var configuration = EventStoreConfiguration()
        configuration.writeLanes = lanes
        return configuration
    }

    /// Runs a store on its own database and stops it at the end. Without `keepsHouse` the store only serves requests,
    /// so that no other statement reaches Postgres.
    static func run<T: Sendable>(
        _ configuration: EventStoreConfiguration = EventStoreConfiguration(), url: String? = nil,
        keepsHouse: Bool = true,
        _ body: @Sendable (Fixture) async throws -> T
    ) async throws -> T {
        let database: String
        if let url { database = url } else { database = try await TestPostgres.database() }
        let postgres = PostgresConfiguration(url: database, applicationName: "store")
        let store = try EventStore(configuration: configuration, postgres: postgres, logger: quietLogger())
        let running = Task { if keepsHouse { await store.run() } }
        do {
            let value = try await body(Fixture(store: store, postgres: postgres))
            store.shutdown()
            await running.value
            return value
        } catch {
            store.shutdown()
            await running.value
            throw error
        }
    }

    /// Runs blocking statements on a connection of their own.
    func sql<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        let postgres = self.postgres
        let thread = try ThreadExecutor(name: "test-sql")
        defer { thread.shutdown() }
        return try await thread.run { try body(PostgresConnection(postgres)) }
    }

    /// The first column of the first row.
    func number(_ sql: String) async throws -> Int64 {
        try await self.sql { try $0.query(PostgresStatement(sql)).int64(0, 0) }
    }

    /// An order that is paid, made by commands.
    func paidOrder() async throws -> String {
        let order = try await store.place(Self.details).orderID
        _ = try await store.execute(.initiatePayment, on: order)
        _ = try await store.execute(.recordPayment, on: order)
        return order
    }

    /// The number of violations of the invariants: sequence numbers without gaps, and one equal outbox row for every
    /// event, in sequence.
    func violations() async throws -> Int64 {
        try await number(
            """
            SELECT (SELECT count(*) FROM (
                        SELECT aggregate_id FROM event GROUP BY aggregate_id
                        HAVING min(sequence_number) <> 0 OR max(sequence_number) <> count(*) - 1) gaps)
                 + (SELECT count(*) FROM event e FULL JOIN outbox o USING (event_id)
                    WHERE e.aggregate_id IS DISTINCT FROM o.aggregate_id
                        OR e.sequence_number IS DISTINCT FROM o.sequence_number
                        OR e.event_type IS DISTINCT FROM o.event_type OR e.event_data IS DISTINCT FROM o.payload
                        OR e.aggregate_type IS DISTINCT FROM o.aggregate_type)
                 + (SELECT count(*) FROM (
                        SELECT sequence_number,
                            lag(sequence_number) OVER (PARTITION BY aggregate_id ORDER BY outbox_id) AS previous
                        FROM outbox) ordered
                    WHERE sequence_number <> coalesce(previous, -1) + 1)
            """)
    }
}
