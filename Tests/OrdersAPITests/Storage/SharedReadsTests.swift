import Logging
import Orders
import OrdersProto
import Postgres
import SwiftProtobuf
import TestKit
import Testing
import Threads

@testable import EventStore
@testable import OrdersAPI

/// Concurrent calls of GetOrder share queries; a single call runs at once.
struct SharedReadsTests {
    /// How often the query that loads whole streams ran in this database.
    private static let loads: PostgresStatement = """
        SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND query LIKE '%FROM event WHERE aggregate_id = ANY%'
        """
    private static let blocked: PostgresStatement = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'store%' AND wait_event_type = 'Lock'
        """

    @Test(.timeLimit(.minutes(3))) func concurrentGetOrdersShareAQueryAndALoneOneWaitsForNobody() async throws {
        let postgres = PostgresConfiguration(url: try await TestPostgres.database(), applicationName: "tests")
        var stores = postgres
        stores.applicationName = "store"
        var configuration = EventStoreConfiguration()
        // The test holds a lock until a hundred calls wait.
        (configuration.lockTimeout, configuration.answerLimit) = (.seconds(100), .seconds(120))
        let store = try EventStore(configuration: configuration, postgres: stores, logger: Logger(label: "test"))
        let thread = try ThreadExecutor(name: "test-session")
        defer { thread.shutdown() }
        let session = Session()
        try await thread.run {
            let connection = try PostgresConnection(postgres)
            try connection.execute("CREATE EXTENSION pg_stat_statements")
            session.connection = connection
        }
        let handlers = OrderHandlers(
            store: store, list: MemoryOrderList(store: MemoryOrderStore()), changes: OrderChanges(),
            logger: Logger(label: "test"))
        var orders: [String] = []
        for _ in 0..<100 { orders.append(try await store.place(Self.details).orderID) }
        let get: @Sendable (String) async throws -> String = { id in
            try await handlers.getOrder(.with { $0.orderID = id }, CallContext()).order.orderID
        }

        #expect(try await get(orders[0]) == orders[0])
        #expect(try await thread.run { try session.numberWhenIdle(Self.loads) } == 1)

        try await thread.run { try session.connection?.execute("BEGIN; LOCK TABLE event IN ACCESS EXCLUSIVE MODE") }
        let first = orders[0]
        let lone = Task { try await get(first) }
        try await thread.run {
            while try session.number(Self.blocked) == 0 { try session.connection?.execute("SELECT pg_sleep(0.002)") }
        }
        let gathered = orders.map { id in Task { try await get(id) } }
        while store.waitingReads < orders.count { await Task.yield() }
        try await thread.run { try session.connection?.execute("COMMIT") }
        #expect(try await lone.value == first)
        for (call, id) in zip(gathered, orders) { #expect(try await call.value == id) }
        // One query for the first call, one for the hundred calls that came while it was running.
        let loads = try await thread.run { try session.numberWhenIdle(Self.loads) }
        #expect(loads == 3, "\(loads) queries")
        store.shutdown()
        await store.run()
        try await thread.run { session.connection = nil }
    }

    private static let details = OrderDetails(
        customerID: "customer", vendorID: "vendor", productID: "product", quantity: 5, totalPrice: Money(cents: 9_999)!,
        paymentMethod: "CREDIT_CARD")

    /// A statement is counted when its portal is closed, which can be after its rows have arrived: so the sessions of
    /// the store must be idle.
    private static let busy: PostgresStatement = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'store%' AND state <> 'idle'
        """

    /// Touched on its thread only.
    private final class Session: @unchecked Sendable {
        var connection: PostgresConnection?

        func numberWhenIdle(_ sql: PostgresStatement) throws -> Int64 {
            while try number(SharedReadsTests.busy) > 0 { try connection?.execute("SELECT pg_sleep(0.002)") }
            return try number(sql)
        }

        func number(_ sql: PostgresStatement) throws -> Int64 {
            guard let connection else { throw TestFailure("the session is closed") }
            return try connection.query(sql).int64(0, 0)
        }
    }
}
