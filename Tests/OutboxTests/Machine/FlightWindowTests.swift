import Testing

@testable import Outbox

struct FlightWindowTests {
    @Test func onlyTheContiguousFrontIsSettled() {
        var window = FlightWindow(capacity: 8)
        for id in [10, 20, 30] as [Int64] { window.offer(id) }
        window.settle(2)
        #expect(window.settledThrough == nil)
        window.settle(0)
        #expect(window.settledThrough == 10)
        #expect(window.span == 2)
        window.settle(1)
        #expect(window.settledThrough == 30)
        #expect(window.span == 0)
        #expect(window.unsettled == 0)
    }

    @Test func reportsOfAnAbandonedFlightAreIgnored() {
        var window = FlightWindow(capacity: 4)
        window.offer(1)
        let old = window.nextDeliveryID - 1
        window.clear()
        window.offer(2)
        window.settle(old)
        #expect(window.settledThrough == nil)
        #expect(window.unsettled == 1)
    }

    @Test func settlingTwiceCountsOnce() {
        var window = FlightWindow(capacity: 4)
        window.offer(1)
        window.offer(2)
        window.settle(1)
        window.settle(1)
        #expect(window.unsettled == 1)
    }

    @Test func theRingIsReused() {
        var window = FlightWindow(capacity: 3)
        for id in 1...100 as ClosedRange<Int64> {
            window.offer(id, writtenAt: id * 7)
            let deliveryID = window.nextDeliveryID - 1
            #expect(window.writtenAt(deliveryID) == id * 7)
            window.settle(deliveryID)
            #expect(window.settledThrough == id)
        }
        window.offer(1)
        window.offer(2)
        window.offer(3)
        #expect(window.isFull)
    }
}
