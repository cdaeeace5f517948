import EventStore
import Orders
import Postgres
import Testing
import Values

@testable import OrdersAPI

/// A watch as a conversation: its next action, and the report of the result.
struct OrderWatchTests {
    private static let details = OrderDetails(
        customerID: "c", vendorID: "v", productID: "p", quantity: 1, totalPrice: Money(cents: 100)!, paymentMethod: "m")

    private static func history(_ events: OrderEvent...) -> [StoredEvent] {
        events.enumerated().map { index, event in
            StoredEvent(
                orderID: "o", sequenceNumber: Int64(index), eventID: UUIDBytes.v7(), event: event,
                createdAt: Int64(index) * 1_000_000)
        }
    }

    private static func watch(_ history: [StoredEvent], from: Int64 = 0) throws -> OrderWatch {
        OrderWatch(from: from, order: try #require(history.folded()))
    }

    private static func shown(_ event: StoredEvent) -> OrderWatch.Action { .show(.init(event)) }

    @Test func showsHistoryThenWaitsThenShowsWhatCame() throws {
        let history = Self.history(.placed(Self.details), .paymentInitiated, .paid)
        var watch = try Self.watch(Array(history[..<2]))
        #expect(watch.next() == .read(from: 0))
        watch.received(Array(history[..<2]), limit: 100)
        #expect(watch.next() == Self.shown(history[0]))
        #expect(watch.next() == Self.shown(history[1]))
        #expect(watch.next() == .wait)
        #expect(watch.next() == .wait)
        watch.changed()
        #expect(watch.next() == .read(from: 2))
        watch.received([], limit: 100)
        #expect(watch.next() == .wait)
        watch.changed()
        #expect(watch.next() == .read(from: 2))
        watch.received([history[2]], limit: 100)
        #expect(watch.next() == Self.shown(history[2]))
        #expect(watch.next() == .wait)
    }

    @Test func endsAfterACancellation() throws {
        let history = Self.history(.placed(Self.details), .cancelled(reason: "r"))
        var watch = try Self.watch(history)
        #expect(watch.next() == .read(from: 0))
        watch.received(history, limit: 100)
        #expect(watch.next() == Self.shown(history[0]))
        #expect(watch.next() == Self.shown(history[1]))
        #expect(watch.next() == .end)
    }

    @Test func endsAfterADeliveryButNotWhileInTransit() throws {
        let history = Self.history(
            .placed(Self.details), .paymentInitiated, .paid, .shippingStatusUpdated(.inTransit),
            .shippingStatusUpdated(.delivered))
        var watch = try Self.watch(Array(history[..<4]), from: 3)
        #expect(watch.next() == .read(from: 3))
        watch.received([history[3]], limit: 100)
        #expect(watch.next() == Self.shown(history[3]))
        #expect(watch.next() == .wait)
        watch.changed()
        #expect(watch.next() == .read(from: 4))
        watch.received([history[4]], limit: 100)
        #expect(watch.next() == Self.shown(history[4]))
        #expect(watch.next() == .end)
    }

    @Test func aFullPageIsReadOn() throws {
        let history = Self.history(.placed(Self.details), .paymentInitiated, .paid)
        var watch = try Self.watch(history)
        #expect(watch.next() == .read(from: 0))
        watch.received(Array(history[..<2]), limit: 2)
        #expect(watch.next() == Self.shown(history[0]))
        #expect(watch.next() == Self.shown(history[1]))
        #expect(watch.next() == .read(from: 2))
    }

    @Test func nothingIsLeftOfAnOrderThatIsOver() throws {
        let history = Self.history(.placed(Self.details), .cancelled(reason: "r"))
        var watch = try Self.watch(history, from: 2)
        #expect(watch.next() == .end)
    }
}
