import Consumers
import ConsumersTestKit
import EventStore
import Orders
import Synchronization
import TestKit
import Testing
import Threads
import Values

@testable import Payments

/// Orders in batches, on a real event store: what happens to one of them must not happen to the others.
@Suite struct PaymentBatchTests {
    @Test func whatTheMessagesTellSparesTheLoads() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        try await database.execute("CREATE EXTENSION pg_stat_statements")
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let (orders, messages) = try await database.placeWithMessages(300)
        topic.publish(messages)
        await payments.untilEnded(300)
        try await payments.stop()
        for order in orders { #expect(gateway.charges(order) == 1) }
        #expect(try await database.number("SELECT count(*) FROM event WHERE event_type = 'order_paid'") == 300)
        let loads = """
            SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND query LIKE '%FROM event WHERE aggregate_id = ANY%'
            """
        #expect(try await database.number(loads) == 0)
        await database.close()
    }

    @Test func aConflictInABatchFailsNoOtherOrder() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let (orders, messages) = try await database.placeWithMessages(200)
        // The messages tell the orders as they were. By now some are cancelled, some initiated, some paid.
        for (index, order) in orders.enumerated() {
            switch index % 10 {
            case 0: _ = try await database.store.execute(.cancel(reason: "no"), on: order)
            case 1: _ = try await database.store.execute(.initiatePayment, on: order)
            case 2:
                _ = try await database.store.execute(.initiatePayment, on: order)
                _ = try await database.store.execute(.recordPayment, on: order)
            default: break
            }
        }
        topic.publish(messages)
        await payments.untilEnded(200)
        try await payments.stop()
        for (index, order) in orders.enumerated() {
            let isCancelled = index % 10 == 0
            #expect(try await database.payment(order) == (isCancelled ? .pending : .paid), "order \(index)")
            #expect(gateway.charges(order) == (isCancelled || index % 10 == 2 ? 0 : 1), "order \(index)")
        }
        #expect(try await database.number("SELECT count(*) FROM event") == 20 * 2 + 180 * 3)
        #expect(topic.committedOffset == 200)
        await database.close()
    }

    @Test func aMessageThatTheEventStoreDoesNotKnowMovesNoMoney() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let order = try await database.place()
        // Of an order that does not exist, and of one that does, with another event's identifier and another price.
        let dear = OrderDetails(
            customerID: "customer", vendorID: "vendor", productID: "product", quantity: 1,
            totalPrice: Money(cents: 1_000_000)!, paymentMethod: "CREDIT_CARD")
        let (_, bytes) = try EventCodec.encode(.placed(dear), orderID: order, at: 1_767_225_600_000_000)
        topic.publish([
            placed(0, "no such order"),
            ConsumedMessage(
                partition: 0, offset: 1, orderID: order, sequenceNumber: 0, eventType: "order_placed", eventID: .v7(),
                payload: bytes[...]),
        ])
        await payments.untilEnded(2)
        try await payments.stop()
        #expect(gateway.charges("no such order") == 0)
        #expect(gateway.amounts(order) == [details().totalPrice])
        #expect(try await database.payment(order) == .paid)
        await database.close()
    }

    @Test func aCrashBetweenInitiationAndChargeLosesNoOrder() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        gateway.hold()
        let first = try RunningPayments(database, topic, gateway) { configuration in
            (configuration.concurrentCharges, configuration.drainLimit) = (4, .zero)
        }
        await first.untilRecovered(1)
        let (orders, messages) = try await database.placeWithMessages(50)
        topic.publish(messages)
        // All are initiated, four are with the gateway, none is answered: then the process is gone.
        await gateway.untilCharged(4)
        try await first.stop()
        #expect(topic.committedOffset ?? 0 == 0)
        let next = ScriptedGateway()
        topic.change { $0.committed[0] = 0 }
        let second = try RunningPayments(database, topic, next)
        await second.log.until(50) { if case .paid = $0 { true } else { false } }
        try await second.stop()
        gateway.release()
        for order in orders { #expect(gateway.charges(order) <= 1 && next.charges(order) == 1) }
        #expect(try await database.number("SELECT count(*) FROM event") == 150)
        await database.close()
    }

    @Test(arguments: [false, true])
    func aRecordingOfUnknownOutcomeIsSettledByTheOrder(isExecuted: Bool) async throws {
        let database = try await PaymentDatabase()
        let gateway = ScriptedGateway()
        let wake = try WakeDescriptor()
        let work = PaymentWork(
            PaymentPipeline(attemptsPerOrder: 5, mostCalls: 100),
            orders: LosingCommands(store: database.store, isExecuted: isExecuted), gateway: gateway, wake: wake)
        let orders = try await database.placeWithMessages(20).orders
        work.start(orders.map { PaymentsMachine.Job(orderID: $0, known: nil) })
        let ends = try await onThread {
            var ends: [PaymentEnd] = []
            while ends.count < 20 {
                wake.wait(until: nil)
                ends += work.takeFinished().map(\.end)
            }
            return ends
        }
        // The answer to the first recording was lost: it was executed, or it is done again with the same charge.
        #expect(ends.allSatisfy { $0 == (isExecuted ? .nothingToDo : .paid) })
        for order in orders {
            #expect(gateway.charges(order) == (isExecuted ? 1 : 2))
            #expect(try await database.payment(order) == .paid)
        }
        #expect(try await database.number("SELECT count(*) FROM event") == 60)
        await database.close()
    }
}

/// An event store that loses its answer to the first recording of each order.
private final class LosingCommands: OrderCommands {
    private let store: EventStore
    private let isExecuted: Bool
    private let lost = Mutex<Set<String>>([])

    init(store: EventStore, isExecuted: Bool) {
        self.store = store
        self.isExecuted = isExecuted
    }

    func execute(_ commands: [BatchedCommand]) async -> [BatchedOutcome] {
        let loses = lost.withLock { lost in
            commands.map { $0.command == .recordPayment && lost.insert($0.orderID).inserted }
        }
        let sent = zip(commands, loses).filter { isExecuted || !$0.1 }.map(\.0)
        var outcomes = await store.execute(sent).makeIterator()
        return loses.map { isLost in
            let outcome = isLost && !isExecuted ? nil : outcomes.next()
            return isLost ? .failed(.outcomeUnknown("the connection was lost")) : outcome ?? .failed(.cancelled)
        }
    }
}
