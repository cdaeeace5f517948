import Consumers
import Orders
import Testing
import Values

@testable import Projection

@Suite struct GatheringTests {
    private let now = ContinuousClock.now
    private let everything = Int.max

    /// Adds messages of one partition at consecutive offsets.
    private func add(_ messages: [ConsumedMessage], to gathering: inout Gathering, at time: ContinuousClock.Instant) {
        guard let last = messages.last else { return }
        gathering.add(messages, nextOffsets: [last.partition: last.offset + 1], at: time)
    }

    private func orders(_ batch: BatchFold) -> [String] { batch.outcome([:]).changed.map(\.orderID).sorted() }

    @Test func withoutLoadNothingStays() throws {
        var gathering = Gathering()
        add(try messages("a", [life[0]], offset: 5), to: &gathering, at: now)
        let batch = gathering.take(leavingSince: nil, atMost: everything)
        #expect(orders(batch) == ["a"])
        #expect(batch.nextOffsets == [0: 6])
        #expect(gathering.messageCount == 0)
    }

    @Test func anOrderThatIsBeingPaidStaysAndHoldsItsPositionBack() throws {
        var gathering = Gathering()
        add(
            try messages("a", Array(life.prefix(3)), offset: 5) + messages("b", [life[0]], offset: 8)
                + messages("c", life, offset: 9), to: &gathering, at: now)
        add(try messages("d", life, partition: 1, offset: 3), to: &gathering, at: now)
        let batch = gathering.take(leavingSince: now - .seconds(1), atMost: everything)
        #expect(orders(batch) == ["a", "c", "d"])
        #expect(batch.messageCount == 13)
        #expect(batch.nextOffsets == [0: 8, 1: 8])
        #expect(gathering.messageCount == 1)
        // Its next events come in another partition's company.
        add(try messages("e", life, partition: 1, offset: 8), to: &gathering, at: now)
        add(try messages("b", [life[1], life[2]], from: 1, offset: 14), to: &gathering, at: now)
        let next = gathering.take(leavingSince: now - .seconds(1), atMost: everything)
        #expect(next.outcome([:]).changed.contains(projected("b", Array(life.prefix(3)))))
        #expect(next.nextOffsets == [0: 16, 1: 13])
    }

    @Test func anOrderWhosePlacementIsWrittenWaitsForTheAnswerToo() throws {
        var gathering = Gathering()
        add([try message("a", 1, .paymentInitiated)], to: &gathering, at: now)
        #expect(gathering.take(leavingSince: now - .seconds(1), atMost: everything).ordersToRead.isEmpty)
        add([try message("a", 2, .paid, offset: 1)], to: &gathering, at: now)
        #expect(gathering.take(leavingSince: now - .seconds(1), atMost: everything).ordersToRead == ["a"])
    }

    @Test func nobodyWaitsLongerThanTheLimit() throws {
        var gathering = Gathering()
        add(try messages("a", [life[0]]), to: &gathering, at: now)
        add([try message("a", 1, life[1], offset: 1)], to: &gathering, at: now + .seconds(1))
        #expect(orders(gathering.take(leavingSince: now, atMost: everything)) == ["a"])
    }

    @Test func moreThanMayWaitDoNot() throws {
        var gathering = Gathering()
        add(try messages("a", [life[0], life[1]]), to: &gathering, at: now)
        let batch = gathering.take(leavingSince: now - .seconds(1), atMost: 1)
        #expect(orders(batch) == ["a"])
        #expect(batch.nextOffsets == [0: 2])
    }

    @Test(arguments: [
        [OrderEvent.placed(details()), .cancelled(reason: "no")],
        [.placed(details()), .paymentInitiated, .paymentFailed(reason: "declined")],
    ])
    func anOrderThatIsNotPaidDoesNotWait(_ events: [OrderEvent]) throws {
        var gathering = Gathering()
        add(try messages("a", events), to: &gathering, at: now)
        #expect(orders(gathering.take(leavingSince: now - .seconds(1), atMost: everything)) == ["a"])
    }

    @Test func anOrderToHealDoesNotWait() throws {
        var gathering = Gathering()
        add([try message("a", 0, life[0]), try message("a", 3, .paid, offset: 1)], to: &gathering, at: now)
        add([garbage("b", offset: 2)], to: &gathering, at: now)
        let batch = gathering.take(leavingSince: now - .seconds(1), atMost: everything)
        #expect(batch.outcome([:]).toHeal.sorted() == ["a", "b"])
        #expect(batch.unreadable.count == 1)
        #expect(batch.nextOffsets == [0: 3])
    }

    @Test func anOrderInTwoPartitionsDoesNotWait() throws {
        var gathering = Gathering()
        add([try message("a", 0, life[0])], to: &gathering, at: now)
        add([try message("a", 1, life[1], partition: 1)], to: &gathering, at: now)
        let batch = gathering.take(leavingSince: now - .seconds(1), atMost: everything)
        #expect(orders(batch) == ["a"])
        #expect(batch.nextOffsets == [0: 1, 1: 1])
    }

    /// Whatever stays, a position never passes a message that is not applied, and never moves back.
    @Test func noPositionPassesAMessageThatIsNotApplied() throws {
        var random = SystemRandomNumberGenerator()
        var gathering = Gathering()
        var applied: [String: Int64] = [:]
        var published: [(orderID: String, sequence: Int64)] = []
        var position: Int64 = 0
        for step in 0..<400 {
            let orderID = "order-\(Int.random(in: 0..<60, using: &random))"
            let sequence = Int64(published.count { $0.orderID == orderID })
            if sequence < life.count {
                let offset = Int64(published.count)
                published.append((orderID, sequence))
                let time = now + .milliseconds(step)
                add(
                    [try message(orderID, sequence, life[Int(sequence)], offset: offset)], to: &gathering, at: time)
            }
            guard step % 7 == 0 else { continue }
            let batch = gathering.take(leavingSince: now + .milliseconds(step - 50), atMost: everything)
            let rows = Dictionary(
                uniqueKeysWithValues: batch.ordersToRead.map { id in
                    (ExactText(id), projected(id, Array(life.prefix(Int(applied[id] ?? -1) + 1))))
                })
            let outcome = batch.outcome(rows)
            #expect(outcome.toHeal.isEmpty)
            for row in outcome.changed { applied[row.orderID] = row.lastSequenceNumber }
            guard let next = batch.nextOffsets[0] else { continue }
            #expect(next >= position)
            position = next
            for message in published.prefix(Int(position)) {
                #expect(applied[message.orderID] ?? -1 >= message.sequence)
            }
        }
    }
}
