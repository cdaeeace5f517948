import Testing

@testable import Consumers

@Suite struct AssignmentMachineTests {
    private func message(_ partition: Int32, _ offset: Int64) -> ConsumedMessage {
        ConsumedMessage(
            partition: partition, offset: offset, orderID: "a", sequenceNumber: nil, eventType: nil, payload: [])
    }

    @Test func anAssignmentIsPositionedBeforeItIsRead() throws {
        var machine = AssignmentMachine()
        #expect(!machine.isMember)
        #expect(machine.positionRequest == nil)
        machine.assigned([1, 0])
        #expect(machine.isMember)
        #expect(machine.positionRequest == PositionRequest(partitions: [0, 1], lost: [:], isNewAssignment: true))
        #expect(machine.accept([message(0, 5)]) == nil)
        machine.started([0: 5, 1: 9])
        #expect(machine.positionRequest == nil)
        let batch = try #require(machine.accept([message(0, 5), message(1, 8), message(1, 9)]))
        #expect(batch.messages == [message(0, 5), message(1, 9)])
        #expect(batch.nextOffsets == [0: 6, 1: 10])
    }

    @Test func onlyMessagesAtOrBehindThePositionAreAccepted() throws {
        var machine = AssignmentMachine()
        machine.assigned([0])
        machine.started([0: 3])
        #expect(machine.accept([message(0, 1), message(0, 2)]) == nil)
        let batch = try #require(machine.accept([message(0, 2), message(0, 3), message(0, 8), message(0, 8)]))
        #expect(batch.messages.map(\.offset) == [3, 8])
        machine.handled(batch)
        #expect(machine.accept([message(0, 8)]) == nil)
        #expect(machine.accept([message(0, 9)]) != nil)
    }

    @Test func aLostOffsetConcernsItsOwnPartition() {
        var machine = AssignmentMachine()
        machine.assigned([0, 1])
        machine.started([0: 10, 1: 10])
        machine.offsetLost(1, detail: "gone")
        machine.offsetLost(7, detail: "not ours")
        let request = machine.positionRequest
        #expect(request == PositionRequest(partitions: [1], lost: [1: "gone"], isNewAssignment: false))
        #expect(request?.reason == "partition 1: gone")
        #expect(machine.accept([message(0, 10)]) != nil)
        #expect(machine.accept([message(1, 10)]) == nil)
    }

    @Test func aFailedStartIsAskedForAgainAsANewAssignment() {
        var machine = AssignmentMachine()
        machine.assigned([0])
        // The handler gave positions, and the source refused them.
        machine.doubted()
        #expect(machine.positionRequest == PositionRequest(partitions: [0], lost: [:], isNewAssignment: true))
    }

    @Test func aDoubtDoesNotForgetThatAnOffsetWasLost() {
        var machine = AssignmentMachine()
        machine.assigned([0, 1])
        machine.started([0: 10, 1: 10])
        machine.offsetLost(0, detail: "gone")
        machine.doubted()
        #expect(
            machine.positionRequest == PositionRequest(partitions: [0, 1], lost: [0: "gone"], isNewAssignment: false))
    }

    @Test func positionsOfARevokedPartitionAreIgnored() {
        var machine = AssignmentMachine()
        machine.assigned([0])
        machine.revoked()
        machine.started([0: 0])
        #expect(!machine.isMember)
        #expect(machine.partitionCount == 0)
        #expect(machine.accept([message(0, 0)]) == nil)
        #expect(!machine.hasRead([0: 0]))
    }

    @Test func committedIsNeverAheadOfRead() throws {
        var machine = AssignmentMachine()
        machine.assigned([0])
        machine.started([0: 4])
        #expect(machine.hasRead([0: 4]))
        #expect(!machine.hasRead([0: 5]))
        machine.handled(try #require(machine.accept([message(0, 4)])))
        #expect(machine.hasRead([0: 5]))
        #expect(!machine.hasRead([0: 6]))
        #expect(!machine.hasRead([1: 0]))
    }

    @Test func troubleEndsWithGoodNewsOrAnAssignment() {
        var machine = AssignmentMachine()
        machine.unavailable("brokers are down")
        #expect(machine.trouble == "brokers are down")
        machine.available()
        #expect(machine.trouble == nil)
        machine.unavailable("joining")
        machine.assigned([])
        #expect(machine.trouble == nil)
        #expect(machine.isMember)
        #expect(machine.positionRequest == nil)
    }
}
