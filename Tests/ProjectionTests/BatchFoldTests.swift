import Consumers
import Orders
import Postgres
import Testing
import Values

@testable import Projection

@Suite struct BatchFoldTests {
    @Test func aNewOrderNeedsNoRow() throws {
        let fold = BatchFold(try messages("a", Array(life.prefix(3))))
        #expect(fold.ordersToRead.isEmpty)
        let outcome = fold.outcome([:])
        #expect(outcome.changed == [projected("a", Array(life.prefix(3)))])
        #expect(outcome.toHeal.isEmpty)
    }

    @Test func aKnownOrderGoesOnFromItsRow() throws {
        let fold = BatchFold(try messages("a", [.paid], from: 2))
        #expect(fold.ordersToRead == ["a"])
        let outcome = fold.outcome([ExactText("a"): projected("a", Array(life.prefix(2)))])
        #expect(outcome.changed == [projected("a", Array(life.prefix(3)))])
    }

    @Test func repeatedMessagesChangeNothing() throws {
        let twice = try messages("a", Array(life.prefix(3))) + messages("a", Array(life.prefix(3)))
        #expect(BatchFold(twice).outcome([:]).changed == [projected("a", Array(life.prefix(3)))])
        let old = BatchFold(try messages("a", [.paymentInitiated], from: 1))
        let outcome = old.outcome([ExactText("a"): projected("a", Array(life.prefix(3)))])
        #expect(outcome.changed.isEmpty)
        #expect(outcome.toHeal.isEmpty)
    }

    @Test func aGapIsNeverGuessed() throws {
        let withoutStart = BatchFold(try messages("a", [.paid], from: 2)).outcome([:])
        #expect(withoutStart.toHeal == ["a"])
        #expect(withoutStart.changed.isEmpty)
        let withHole = BatchFold([try message("b", 0, life[0]), try message("b", 2, .paid)]).outcome([:])
        #expect(withHole.toHeal == ["b"])
        #expect(withHole.changed.isEmpty)
    }

    @Test func aHistoryThatDoesNotBeginWithThePlacementIsAskedFor() throws {
        #expect(BatchFold([try message("a", 0, .paid)]).outcome([:]).toHeal == ["a"])
    }

    @Test func anUnreadableMessageConcernsItsOwnOrderOnly() throws {
        let fold = BatchFold([garbage("bad"), try message("good", 0, life[0])])
        let outcome = fold.outcome([:])
        #expect(outcome.changed == [projected("good", [life[0]])])
        #expect(outcome.toHeal == ["bad"])
        #expect(fold.unreadable.count == 1)
    }

    @Test func aMessageWithoutKeyIsPassedOver() throws {
        let fold = BatchFold([garbage(nil)])
        #expect(fold.outcome([:]).toHeal.isEmpty)
        #expect(fold.unreadable.count == 1)
    }

    @Test(arguments: [
        ("another order's payload", "b", "order_placed"), ("unknown type", "a", "order_teleported"),
    ])
    func foreignMessagesAreUnreadable(_ what: String, key: String, type: String) throws {
        let honest = try message("a", 0, life[0])
        let forged = ConsumedMessage(
            partition: 0, offset: 0, orderID: key, sequenceNumber: 0, eventType: type, payload: honest.payload)
        #expect(BatchFold([forged]).unreadable.count == 1)
    }

    @Test func anEmptyPayloadIsNotAnEvent() {
        // Zero bytes are a valid protobuf message of any type.
        let empty = ConsumedMessage(
            partition: 0, offset: 0, orderID: "a", sequenceNumber: 2, eventType: "order_paid", payload: [])
        #expect(BatchFold([empty]).outcome([:]).toHeal == ["a"])
    }

    @Test func textsThatPostgresRefusesAreUnreadable() throws {
        let fold = BatchFold([
            try message("a", 0, .placed(details("nul\0"))),
            try message("b", 0, .placed(details(String(repeating: "x", count: 3_000)))),
            garbage("key\0"), garbage(String(repeating: "k", count: 3_000)),
        ])
        #expect(fold.unreadable.count == 4)
        #expect(fold.outcome([:]).toHeal.sorted() == ["a", "b"])
    }

    @Test func idsThatOnlyUnicodeCallsEqualAreTwoOrders() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        let fold = BatchFold([try message(composed, 0, life[0]), try message(decomposed, 0, life[0])])
        #expect(fold.outcome([:]).changed.count == 2)
    }
}
