import Consumers
import Testing

@testable import Payments

@Suite struct PaymentsMachineTests {
    private func started(concurrency: Int = 2) -> Machine {
        let machine = Machine(concurrency)
        machine.assigned([0: 0, 1: 0])
        return machine
    }

    @Test func noMoreOrdersAreWorkedOnThanAllowed() {
        let machine = started()
        machine.received([message(0, "a"), message(1, "b"), message(2, "c")])
        #expect(machine.takeNext() == "a")
        #expect(machine.takeNext() == "b")
        #expect(machine.takeNext() == nil)
        machine.finished("b")
        #expect(machine.takeNext() == "c")
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
        let machine = started(concurrency: 1)
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

    @Test func readingStopsWhenTooManyOrdersWait() {
        let machine = started()
        for index in 0..<PaymentsLimits.queuedOrders { machine.received([message(Int64(index), "order-\(index)")]) }
        #expect(machine.isFull)
        let next = machine.takeNext()
        machine.finished(next ?? "")
        #expect(!machine.isFull)
    }
}

/// A machine that `#expect` can ask to change.
private final class Machine {
    private var machine: PaymentsMachine

    init(_ concurrentOrders: Int) { machine = PaymentsMachine(concurrentOrders: concurrentOrders) }

    func assigned(_ positions: [Int32: Int64]) { machine.assigned(positions) }
    func revoked() { machine.revoked() }
    func received(_ messages: [ConsumedMessage]) { machine.received(messages) }
    func add(_ orderID: String, _ reason: PaymentsMachine.Reason) { machine.add(orderID, reason) }
    func takeNext() -> String? { machine.takeNext() }
    func finished(_ orderID: String) { machine.finished(orderID) }
    func takeCommits() -> [Int32: Int64] { machine.takeCommits() }
    var ordersOfPass: Int { machine.ordersOfPass }
    var isFull: Bool { machine.isFull }
}
