import Kafka
import Testing

@testable import Consumers

@Suite struct GroupMembershipTests {
    private let zero = KafkaPartition(topic: "t", index: 0)
    private let one = KafkaPartition(topic: "t", index: 1)

    @Test func anAssignmentIsAnsweredOnce() {
        var member = GroupMembership()
        #expect(member.isOutside)
        #expect(member.start([zero]) == .nothing)
        member.assigned([zero, one])
        #expect(!member.isOutside)
        #expect(member.start([zero]) == .assign)
        // The call failed: it is made again.
        #expect(member.start([zero]) == .assign)
        member.started([zero])
        #expect(member.start([zero]) == .seek(resuming: []))
        #expect(member.start([]) == .nothing)
    }

    @Test func anEmptyAssignmentIsAnsweredToo() {
        var member = GroupMembership()
        member.assigned([])
        #expect(member.start([]) == .assign)
        member.started([])
        #expect(!member.isOutside)
        #expect(member.partitionsToPause.isEmpty)
    }

    @Test func aRevocationIsAnsweredOnce() {
        var member = GroupMembership()
        member.assigned([zero])
        member.started([zero])
        member.revoked([zero])
        #expect(!member.isOutside)
        #expect(member.start([zero]) == .nothing)
        #expect(member.partitionsToPause.isEmpty)
        #expect(member.takeRevoked() == [zero])
        #expect(member.takeRevoked() == nil)
        #expect(member.isOutside)
    }

    @Test func aPauseIsRepeatedOnlyForWhatDelivers() {
        var member = GroupMembership()
        member.assigned([zero, one])
        #expect(member.partitionsToPause.isEmpty)
        member.started([zero, one])
        #expect(member.partitionsToPause == [zero, one])
        member.paused()
        #expect(member.partitionsToPause.isEmpty)
        #expect(member.partitionsToResume == [zero, one])
        member.resumed()
        #expect(member.partitionsToResume.isEmpty)
    }

    @Test func aStartResumesOnlyItsOwnPartitions() {
        var member = GroupMembership()
        member.assigned([zero, one])
        member.started([zero, one])
        member.paused()
        #expect(member.start([one]) == .seek(resuming: [one]))
        member.started([one])
        #expect(member.partitionsToPause == [one])
        #expect(member.partitionsToResume == [zero])
    }
}
