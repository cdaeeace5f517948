import EventStore
import Orders
import Postgres
import TestKit
import Testing
import Values

/// Many writers on few orders.
struct ContentionTests {
    /// The failure that the write order prevents: two transactions that write the same two orders in opposite order.
    @Test func oppositeOrdersDeadlock() async throws {
        let postgres = try await TestPostgres.configuration()
        let (left, right) = (try await Session(postgres), try await Session(postgres))
        try await left.execute("BEGIN")
        try await right.execute("BEGIN")
        try await left.append("order_placed", to: "A", at: 0)
        try await right.append("order_placed", to: "B", at: 0)
        async let leftResult = attempt { try await left.append("order_placed", to: "B", at: 0) }
        async let rightResult = attempt { try await right.append("order_placed", to: "A", at: 0) }
        let succeeded = await [leftResult != nil, rightResult != nil].filter { $0 }
        #expect(succeeded.count == 1)
        _ = await attempt { try await left.execute("ROLLBACK") }
        _ = await attempt { try await right.execute("ROLLBACK") }
    }

    /// Two servers whose batches hold the same orders and the same idempotency keys, in a random sequence each time.
    @Test func batchesOfTwoServersNeverDeadlock() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { first in
            try await Fixture.run(Fixture.configuration(lanes: 1), url: first.postgres.url) { second in
                for _ in 0..<25 {
                    let orders = (0..<20).map { _ in UUIDBytes.v7().description }
                    await withTaskGroup { group in
                        for (store, order) in [first.store, second.store].flatMap({ store in
                            orders.shuffled().map { (store, $0) }
                        }) {
                            // The ascending order of the keys differs from that of the orders.
                            let key = IdempotencyKey(String(order.reversed()), requestHash: [1])
                            group.addTask {
                                _ = await attempt {
                                    try await store.execute(
                                        .place(Fixture.details), on: order, options: CommandOptions(idempotencyKey: key)
                                    )
                                }
                            }
                        }
                    }
                }
                let orders = try await first.number("SELECT count(*) FROM event")
                #expect(orders == 500)
                // The statistics of a session that is still connected arrive late, those of a closed one do not.
                first.store.shutdown()
                second.store.shutdown()
                let session = try await Session(first.postgres)
                try await session.wait(
                    "the stores to disconnect",
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE 'store%write%'
                    """
                ) { $0 == 0 }
                let deadlocks = try await session.number(
                    "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
                #expect(deadlocks == 0)
                let violations = try await first.violations()
                #expect(violations == 0)
            }
        }
    }

    /// Cancels, payments and shipping on a few hot orders from two servers: every acknowledged command is in its
    /// order's history exactly once, at the version of its answer; a refused command is absent.
    @Test func everyAcknowledgedCommandIsThereExactlyOnce() async throws {
        try await Fixture.run { first in
            try await Fixture.run(url: first.postgres.url) { second in
                let stores = [first.store, second.store]
                for _ in 0..<6 {
                    var orders: [String] = []
                    for _ in 0..<5 { orders.append(try await first.store.place(Fixture.details).orderID) }
                    let acknowledged = await hammer(orders, stores)
                    for order in orders {
                        let history = try await first.store.history(order)
                        let mine = acknowledged.filter { $0.order == order }
                        #expect(history.count == mine.count + 1)
                        for one in mine { #expect(history[Int(one.version) - 1].event == one.event) }
                        #expect(Set(mine.map(\.version)).count == mine.count)
                    }
                }
                let violations = try await first.violations()
                #expect(violations == 0)
            }
        }
    }

    private struct Acknowledgement: Sendable {
        let order: String
        let version: Int64
        let event: OrderEvent
    }

    private func hammer(_ orders: [String], _ stores: [EventStore]) async -> [Acknowledgement] {
        await withTaskGroup(of: Acknowledgement?.self) { group in
            for number in 0..<400 {
                let order = orders[number % orders.count]
                let store = stores[(number / orders.count) % stores.count]
                let (command, event): (OrderCommand, OrderEvent) =
                    switch number % 7 {
                    case 0, 1: (.initiatePayment, .paymentInitiated)
                    case 2, 3: (.recordPayment, .paid)
                    case 4: (.updateShippingStatus(.inTransit), .shippingStatusUpdated(.inTransit))
                    case 5: (.updateShippingStatus(.delivered), .shippingStatusUpdated(.delivered))
                    default: (.cancel(reason: "number \(number)"), .cancelled(reason: "number \(number)"))
                    }
                group.addTask {
                    guard let outcome = await attempt({ try await store.execute(command, on: order) }) else {
                        return nil
                    }
                    return Acknowledgement(order: order, version: outcome.version, event: event)
                }
            }
            return await group.reduce(into: []) { if let one = $1 { $0.append(one) } }
        }
    }
}
