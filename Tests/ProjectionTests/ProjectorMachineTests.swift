import Testing

@testable import Consumers
@testable import Projection

@Suite struct ProjectorMachineTests {
    private func claim(_ number: Int64, _ positions: [Int32: Int64]) -> Claim {
        Claim(number: number, positions: positions)
    }

    @Test func anAssignmentIsClaimedBeforeItIsRead() throws {
        var machine = Conversation()
        #expect(machine.nextAction == .listen)
        machine.assigned([1, 0])
        #expect(machine.nextAction == .claim([0, 1], restarting: [], reason: nil))
        #expect(machine.accept([garbage("a", partition: 0, offset: 5)]) == nil)
        machine.claimed(claim(7, [0: 5, 1: 9]), healing: false)
        #expect(machine.nextAction == .listen)
        let batch = machine.accept([garbage("a", partition: 0, offset: 5), garbage("b", partition: 1, offset: 9)])
        #expect(
            batch?.positions == [
                Position(partition: 0, claim: 7, nextOffset: 6), Position(partition: 1, claim: 7, nextOffset: 10),
            ])
    }

    @Test func whatWasAppliedIsNotAcceptedAgain() throws {
        var machine = Conversation()
        machine.assigned([0])
        machine.claimed(claim(1, [0: 3]), healing: false)
        #expect(machine.accept([garbage("a", offset: 1), garbage("a", offset: 2)]) == nil)
        let batch = try #require(
            machine.accept([garbage("a", offset: 2), garbage("a", offset: 3), garbage("a", offset: 8)]))
        #expect(batch.messages.map(\.offset) == [3, 8])
        machine.applied(batch)
        #expect(machine.accept([garbage("a", offset: 8)]) == nil)
        #expect(machine.accept([garbage("a", offset: 9)]) != nil)
    }

    @Test func aFailedBatchIsClaimedAndReadAgain() throws {
        var machine = Conversation()
        machine.assigned([0])
        machine.claimed(claim(1, [0: 0]), healing: false)
        #expect(machine.accept([garbage("a", offset: 0)]) != nil)
        machine.doubted()
        #expect(machine.nextAction == .claim([0], restarting: [], reason: nil))
        #expect(machine.accept([garbage("a", offset: 1)]) == nil)
        machine.claimed(claim(2, [0: 0]), healing: false)
        #expect(
            machine.accept([garbage("a", offset: 0)])?.positions == [Position(partition: 0, claim: 2, nextOffset: 1)])
    }

    @Test func aLostOffsetIsClaimedAnewAndHealed() {
        var machine = Conversation()
        machine.assigned([0, 1])
        machine.claimed(claim(1, [0: 10, 1: 10]), healing: false)
        machine.offsetLost(1, detail: "gone")
        #expect(machine.nextAction == .claim([1], restarting: [1], reason: "partition 1: gone"))
        #expect(machine.accept([garbage("a", partition: 0, offset: 10)]) != nil)
        machine.claimed(claim(2, [1: 50]), healing: true)
        #expect(machine.nextAction == .heal)
        machine.healed(isLast: false)
        #expect(machine.nextAction == .heal)
        machine.healed(isLast: true)
        #expect(machine.nextAction == .listen)
    }

    @Test func aDoubtDoesNotForgetThatAnOffsetWasLost() {
        var machine = Conversation()
        machine.assigned([0])
        machine.claimed(claim(1, [0: 10]), healing: false)
        machine.offsetLost(0, detail: "gone")
        machine.doubted()
        #expect(machine.nextAction == .claim([0], restarting: [0], reason: "partition 0: gone"))
    }

    @Test func nothingOfARevokedPartitionIsApplied() {
        var machine = Conversation()
        machine.assigned([0])
        machine.claimed(claim(1, [0: 0]), healing: true)
        machine.revoked()
        #expect(machine.nextAction == .listen)
        #expect(machine.accept([garbage("a", offset: 0)]) == nil)
        // A claim that was on its way when the partitions were taken away.
        machine.claimed(claim(2, [0: 0]), healing: false)
        #expect(machine.accept([garbage("a", offset: 0)]) == nil)
    }
}

/// The two machines of a projector as its session drives them: the assignment, and the claims that back it.
private struct Conversation {
    enum Action: Hashable {
        case claim([Int32], restarting: [Int32], reason: String?)
        case heal
        case listen
    }

    struct Batch: Equatable {
        let accepted: MessageBatch
        let positions: [Position]
        var messages: [ConsumedMessage] { accepted.messages }

        static func == (left: Batch, right: Batch) -> Bool {
            left.messages == right.messages && left.positions == right.positions
        }
    }

    private var assignment = AssignmentMachine()
    private var machine = ProjectorMachine()

    var nextAction: Action {
        if let request = assignment.positionRequest {
            return .claim(request.partitions, restarting: request.lost.keys.sorted(), reason: request.reason)
        }
        return machine.isChunkDue ? .heal : .listen
    }

    mutating func assigned(_ partitions: [Int32]) { assignment.assigned(partitions) }

    mutating func revoked() {
        machine.doubted()
        assignment.revoked()
    }

    mutating func offsetLost(_ partition: Int32, detail: String) { assignment.offsetLost(partition, detail: detail) }

    mutating func claimed(_ claim: Claim, healing: Bool) {
        machine.claimed(claim, isHealing: healing)
        assignment.started(claim.positions)
    }

    mutating func doubted() {
        machine.doubted()
        assignment.doubted()
    }

    mutating func healed(isLast: Bool) { machine.healed(isLast: isLast) }

    func accept(_ messages: [ConsumedMessage]) -> Batch? {
        assignment.accept(messages).map { Batch(accepted: $0, positions: machine.positions($0.nextOffsets)) }
    }

    mutating func applied(_ batch: Batch) { assignment.handled(batch.accepted) }
}
