import Consumers
import EventStore
import Orders
import Testing
import Values

@testable import Payments

@Suite struct PaymentsMachineTests {
    private func started() -> Machine {
        let machine = Machine()
        machine.assigned([0: 0, 1: 0])
        return machine
    }

    @Test func noMoreOrdersAreTakenThanAskedFor() {
        let machine = started()
        machine.received([message(0, "a"), message(1, "b"), message(2, "c")])
        #expect(machine.take(2).map(\.orderID) == ["a", "b"])
        #expect(machine.take(2).map(\.orderID) == ["c"])
        #expect(machine.take(2).isEmpty)
        machine.finished("b")
        #expect(machine.take(2).isEmpty)
    }

    @Test func theMessageOfAPlacedOrderTellsTheOrderUntilAnotherOneComes() {
        let machine = started()
        machine.received([placed(0, "a"), placed(1, "b"), placed(2, "c"), message(3, "b", "order_cancelled")])
        let jobs = machine.take(3)
        #expect(jobs.map(\.orderID) == ["a", "b", "c"])
        #expect(jobs.map { $0.known?.version } == [1, nil, 1])
        #expect(jobs.first?.known?.state?.details == details())
        // What comes while the order is worked on is no state to begin with.
        machine.received([placed(4, "a")])
        machine.finished("a")
        #expect(machine.take(3).map(\.known) == [nil])
    }

    @Test func aMessageThatContradictsItselfTellsNothing() {
        let machine = started()
        let whole = placed(0, "a")
        func changed(
            _ offset: Int64, orderID: String? = "a", sequence: Int64? = 0, eventID: UUIDBytes? = .v7(),
            payload: ArraySlice<UInt8>? = nil
        ) -> ConsumedMessage {
            ConsumedMessage(
                partition: 0, offset: offset, orderID: orderID, sequenceNumber: sequence, eventType: "order_placed",
                eventID: eventID, payload: payload ?? whole.payload)
        }
        for (offset, wrong) in [
            changed(0, orderID: "other"), changed(1, sequence: 1), changed(2, sequence: nil),
            changed(3, eventID: nil), changed(4, payload: [0xFF]), changed(5, payload: []),
        ].enumerated() {
            machine.received([wrong])
            let jobs = machine.take(1)
            #expect(jobs.count == 1 && jobs.first?.known == nil, "message \(offset)")
            machine.finished(jobs.first?.orderID ?? "")
        }
        #expect(machine.takeCommits() == [0: 6])
    }

    @Test func aMessageIsCommittedWhenItsOrderIsDealtWith() {
        let machine = started()
        machine.received([
            message(0, "a"), message(1, "b"), message(2, "a", "order_paid"), message(3, nil), message(4, "x", nil),
        ])
        _ = machine.takeNext()
        _ = machine.takeNext()
        #expect(machine.takeCommits().isEmpty)
        machine.finished("b")
        #expect(machine.takeCommits().isEmpty)
        machine.finished("a")
        #expect(machine.takeCommits() == [0: 5])
        #expect(machine.takeCommits().isEmpty)
    }

    @Test func whatComesWhileAnOrderIsWorkedOnGetsARoundOfItsOwn() {
        let machine = started()
        machine.received([message(0, "a")])
        #expect(machine.takeNext() == "a")
        machine.received([message(1, "a", "order_cancelled")])
        #expect(machine.takeNext() == nil)
        machine.finished("a")
        #expect(machine.takeCommits() == [0: 1])
        #expect(machine.takeNext() == "a")
        machine.finished("a")
        #expect(machine.takeCommits() == [0: 2])
    }

    @Test func messagesOfAnOrderThatWaitsShareARound() {
        let machine = started()
        machine.received([message(0, "a"), message(1, "b"), message(2, "b", "order_cancelled")])
        #expect(machine.takeNext() == "a")
        machine.finished("a")
        #expect(machine.takeNext() == "b")
        machine.finished("b")
        #expect(machine.takeNext() == nil)
        #expect(machine.takeCommits() == [0: 3])
    }

    @Test func afterARebalanceOldWorkCommitsNothing() {
        let machine = started()
        machine.received([message(0, "a"), message(1, "b"), message(2, "c")])
        #expect(machine.takeNext() == "a")
        machine.revoked()
        machine.assigned([0: 0])
        machine.finished("a")
        #expect(machine.takeCommits().isEmpty)
        // "b" and "c" were not begun: the next owner of the partition reads them again.
        #expect(machine.takeNext() == nil)
        machine.received([message(0, "a")])
        #expect(machine.takeNext() == "a")
        machine.finished("a")
        #expect(machine.takeCommits() == [0: 1])
    }

    @Test func aRebalanceKeepsWhatTheEventStoreAskedFor() {
        let machine = started()
        machine.received([message(0, "a")])
        machine.add("a", .recoveryPass)
        machine.add("b", .retry)
        machine.revoked()
        #expect(machine.takeNext() == "a")
        #expect(machine.takeNext() == "b")
        #expect(machine.ordersOfPass == 1)
        machine.finished("a")
        #expect(machine.ordersOfPass == 0)
    }

    @Test func readingStopsWhenTooManyOrdersWaitAndGoesOnWhenHalfOfThemAreSettled() {
        let machine = started()
        for index in 0..<PaymentsLimits.queuedOrders { machine.received([message(Int64(index), "order-\(index)")]) }
        #expect(machine.isFull)
        let jobs = machine.take(PaymentsLimits.queuedOrders - PaymentsLimits.queuedOrdersToReadOn)
        for job in jobs.dropLast() { machine.finished(job.orderID) }
        #expect(machine.isFull)
        machine.finished(jobs.last?.orderID ?? "")
        #expect(!machine.isFull)
    }
}

/// A machine that `#expect` can ask to change.
private final class Machine {
    private var machine = PaymentsMachine()

    func assigned(_ positions: [Int32: Int64]) { machine.assigned(positions) }
    func revoked() { machine.revoked() }
    func received(_ messages: [ConsumedMessage]) { machine.received(messages) }
    func add(_ orderID: String, _ reason: PaymentsMachine.Reason) { machine.add(orderID, reason) }
    func take(_ most: Int) -> [PaymentsMachine.Job] { machine.take(most) }
    func takeNext() -> String? { machine.take(1).first?.orderID }
    func finished(_ orderID: String) { machine.finished(orderID) }
    func takeCommits() -> [Int32: Int64] { machine.takeCommits() }
    var ordersOfPass: Int { machine.ordersOfPass }
    var isFull: Bool { machine.isFull }
}
