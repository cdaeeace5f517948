import Logging
import OrdersProto
import Postgres
import ServiceLifecycle
import SwiftProtobuf
import Testing

@testable import OrdersAPI

/// One listening connection wakes the waiters, against a real Postgres.
struct ChangeListenerTests {
    private func withListener(
        _ projection: Projection, _ body: (OrderChanges) async throws -> Void
    ) async throws {
        let changes = OrderChanges()
        let listener = try ChangeListener(
            changes: changes, configuration: projection.configuration, logger: Logger(label: "test"))
        let group = ServiceGroup(configuration: .init(services: [listener], logger: Logger(label: "test")))
        async let running: Void = group.run()
        do {
            try await body(changes)
        } catch {
            await group.triggerGracefulShutdown()
            try await running
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test func aNotificationWakesTheWatchersOfItsOrders() async throws {
        let projection = try await Projection()
        try await withListener(projection) { changes in
            try await changes.withWaiter(for: "a") { a in
                // The first wake is the one after connecting: from then on nothing is missed.
                #expect(try await a.wait() == .changed)
                try await projection.show("a")
                #expect(try await a.wait() == .changed)
                try await projection.pool.reading { try $0.execute("NOTIFY order_projection, '*'") }
                #expect(try await a.wait() == .changed)
            }
        }
    }

    @Test func aLostConnectionIsReplacedAndEverybodyLooksAgain() async throws {
        let projection = try await Projection()
        try await withListener(projection) { changes in
            try await changes.withWaiter(for: "a") { a in
                #expect(try await a.wait() == .changed)
                let terminate = """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND query LIKE 'LISTEN%'
                    """
                try await projection.pool.reading { try $0.execute(terminate) }
                var wake = try await a.wait()
                while wake == .quiet { wake = try await a.wait() }
                #expect(wake == .changed)
            }
        }
    }

    @Test func aListWaitsUntilItShowsTheVersion() async throws {
        let projection = try await Projection()
        let store = MemoryOrderStore()
        try await withListener(projection) { changes in
            let handlers = OrderHandlers(
                store: store, list: projection.list, changes: changes, logger: Logger(label: "test"))
            let placed = try await handlers.placeOrder(
                .with {
                    ($0.customerID, $0.vendorID, $0.productID, $0.paymentMethod) = ("c", "v", "p", "m")
                    ($0.quantity, $0.totalPrice) = (1, 1)
                }, CallContext())
            async let answer = handlers.listOrders(
                .with { $0.atLeast = .with { ($0.orderID, $0.version) = (placed.orderID, placed.version) } },
                CallContext())
            try await projection.show(placed.orderID)
            #expect(try await answer.orders.map(\.orderID) == [placed.orderID])
        }
    }

    @Test func aListThatStaysBehindIsADeadlineExceeded() async throws {
        let projection = try await Projection()
        let store = MemoryOrderStore()
        let handlers = OrderHandlers(
            store: store, list: projection.list, changes: OrderChanges(), logger: Logger(label: "test"))
        let placed = try await handlers.placeOrder(
            .with {
                ($0.customerID, $0.vendorID, $0.productID, $0.paymentMethod) = ("c", "v", "p", "m")
                ($0.quantity, $0.totalPrice) = (1, 1)
            }, CallContext())
        let error = await #expect(throws: APIError.self) {
            try await handlers.listOrders(
                .with { $0.atLeast = .with { ($0.orderID, $0.version) = (placed.orderID, placed.version) } },
                CallContext(deadline: .now + .milliseconds(50)))
        }
        #expect(error?.code == .deadlineExceeded)
    }
}
