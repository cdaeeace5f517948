import Consumers
import ConsumersTestKit
import EventStore
import Orders
import TestKit
import Testing

@testable import Payments

@Suite struct PaymentManagerTests {
    @Test func aPlacedOrderIsPaid() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let order = try await database.place()
        topic.publish(order)
        await payments.untilEnded(1)
        try await payments.stop()
        #expect(try await database.payment(order) == .paid)
        #expect(try await database.store.load(order)?.state.shippingStatus == .waitingForShipment)
        #expect(gateway.charges(order) == 1)
        #expect(topic.committedOffset == 1)
        await database.close()
    }

    @Test func aDeclinedCardEndsFailedWithTheReason() async throws {
        let (database, topic) = (try await PaymentDatabase(), MemoryTopic())
        let payments = try RunningPayments(database, topic, SimulatedGateway())
        await payments.untilRecovered(1)
        let order = try await database.place(details(method: SimulatedGateway.declinedCard))
        topic.publish(order)
        await payments.untilEnded(1)
        try await payments.stop()
        let state = try await database.store.load(order)?.state
        #expect(state?.paymentStatus == .failed)
        #expect(state?.paymentFailureReason == "the card was declined")
        await database.close()
    }

    @Test func messagesThatComeAgainChangeNothing() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let order = try await database.place()
        topic.publish(order)
        await payments.untilEnded(1)
        topic.publish(order)
        topic.publish("nobody's order")
        topic.publish(nil)
        await payments.untilEnded(3)
        try await payments.stop()
        #expect(try await database.number("SELECT count(*) FROM event") == 3)
        #expect(gateway.charges(order) == 1)
        #expect(topic.committedOffset == 4)
        await database.close()
    }

    @Test func aLatePaymentOfACancelledOrderIsVoid() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        gateway.hold()
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let order = try await database.place()
        topic.publish(order)
        await gateway.untilCharged()
        _ = try await database.store.execute(.cancel(reason: "changed my mind"), on: order)
        gateway.release()
        await payments.untilEnded(1)
        try await payments.stop()
        let state = try await database.store.load(order)?.state
        #expect(state?.paymentStatus == .initiated)
        #expect(state?.shippingStatus == .cancelled)
        #expect(gateway.voids(order) == 1)
        await database.close()
    }

    @Test func aCancelledOrderIsNotPaid() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let order = try await database.place()
        _ = try await database.store.execute(.cancel(reason: "no"), on: order)
        topic.publish(order)
        topic.publish(order, "order_cancelled")
        await payments.untilEnded(1)
        try await payments.stop()
        #expect(gateway.charges(order) == 0)
        #expect(gateway.voids(order) == 0)
        #expect(try await database.number("SELECT count(*) FROM event") == 2)
        await database.close()
    }

    @Test func aPaidOrderThatIsCancelledIsGivenBack() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let order = try await database.place()
        topic.publish(order)
        await payments.untilEnded(1)
        _ = try await database.store.execute(.cancel(reason: "no"), on: order)
        topic.publish(order, "order_cancelled")
        await payments.untilEnded(2)
        try await payments.stop()
        #expect(gateway.voids(order) == 1)
        await database.close()
    }

    @Test func whatACrashLeftInitiatedIsPaidByTheNextProcess() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        // The process asked the gateway and died: no offset was committed, no answer recorded.
        let initiated = try await database.place()
        _ = try await database.store.execute(.initiatePayment, on: initiated)
        let placed = try await database.place()
        let paid = try await database.place()
        _ = try await database.store.execute(.initiatePayment, on: paid)
        _ = try await database.store.execute(.recordPayment, on: paid)
        // Kafka has nothing of them any more.
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        try await payments.stop()
        #expect(try await database.payment(initiated) == .paid)
        #expect(try await database.payment(placed) == .paid)
        #expect(gateway.charges(paid) == 0)
        await database.close()
    }

    @Test func aVoidThatACrashLeftUndoneIsDone() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        let order = try await database.place()
        _ = try await database.store.execute(.initiatePayment, on: order)
        _ = try await database.store.execute(.cancel(reason: "no"), on: order)
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        try await payments.stop()
        #expect(gateway.voids(order) == 1)
        await database.close()
    }

    @Test func anOffsetThatTheBrokerDeletedIsRecovered() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        topic.change { $0.committed[0] = 0 }
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let order = try await database.place()
        // Published and deleted before it was read.
        topic.change { state in
            state.partitions[0] = [message(0, order)]
            state.low = 1
        }
        await payments.untilRecovered(2)
        try await payments.stop()
        #expect(try await database.payment(order) == .paid)
        await database.close()
    }

    @Test func theMarkMovesOnlyAsFarAsEverythingIsDealtWith() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        try await database.execute("UPDATE payment_mark SET settled_before = now() - interval '40 days'")
        let order = try await database.place()
        gateway.hold()
        let payments = try RunningPayments(database, topic, gateway)
        await gateway.untilCharged()
        let isOld = "SELECT count(*) FROM payment_mark WHERE settled_before < now() - interval '39 days'"
        #expect(try await database.number(isOld) == 1)
        gateway.release()
        await payments.untilRecovered(1)
        try await payments.stop()
        #expect(try await database.payment(order) == .paid)
        let isNew =
            "SELECT count(*) FROM payment_mark WHERE settled_before BETWEEN now() - interval '2 hours' AND now()"
        #expect(try await database.number(isNew) == 1)
        await database.close()
    }

    @Test func aPaymentThatKeepsFailingIsLeftForLaterAndHoldsNobodyUp() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        gateway.fail(times: 2)
        let first = try RunningPayments(database, topic, gateway)
        await first.untilRecovered(1)
        let order = try await database.place()
        topic.publish(order)
        await first.untilEnded(1)
        try await first.stop()
        #expect(topic.committedOffset == 1)
        #expect(try await database.payment(order) == .initiated)
        #expect(try await database.number("SELECT count(*) FROM payment_retry WHERE attempts = 1") == 1)
        // Its time has come, and the pass does not look so far back.
        try await database.execute(
            """
            UPDATE payment_retry SET retry_at = now();
            UPDATE payment_mark SET settled_before = now() + interval '1 hour'
            """
        )
        let second = try RunningPayments(database, topic, gateway)
        await second.untilEnded(1)
        try await second.stop()
        #expect(try await database.payment(order) == .paid)
        #expect(try await database.number("SELECT count(*) FROM payment_retry") == 0)
        await database.close()
    }

    @Test func stoppingLetsTheGatewayAnswer() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        gateway.hold()
        let payments = try RunningPayments(database, topic, gateway)
        await payments.untilRecovered(1)
        let order = try await database.place()
        topic.publish(order)
        await gateway.untilCharged()
        payments.requestStop()
        gateway.release()
        try await payments.stop()
        #expect(try await database.payment(order) == .paid)
        #expect(topic.committedOffset == 1)
        await database.close()
    }

    @Test func aRebalanceInTheMiddleLosesNothing() async throws {
        let (database, topic, gateway) = (try await PaymentDatabase(), MemoryTopic(), ScriptedGateway())
        gateway.hold()
        let payments = try RunningPayments(database, topic, gateway) { $0.concurrentCharges = 1 }
        await payments.untilRecovered(1)
        let (first, second) = (try await database.place(), try await database.place())
        topic.publish(first)
        topic.publish(second)
        await gateway.untilCharged()
        topic.report(.revoked(lost: false), .assigned([0]))
        gateway.release()
        await payments.log.until(2) { if case .paid = $0 { true } else { false } }
        try await payments.stop()
        #expect(try await database.payment(first) == .paid)
        #expect(try await database.payment(second) == .paid)
        #expect(try await database.number("SELECT count(*) FROM event") == 6)
        await database.close()
    }
}
