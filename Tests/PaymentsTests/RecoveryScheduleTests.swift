import Testing

@testable import Payments

@Suite struct RecoveryScheduleTests {
    @Test func onePassComesWithTheFirstAssignment() {
        var schedule = RecoverySchedule(interval: .seconds(600))
        #expect(!schedule.isPassDue)
        schedule.assigned(isBlind: true)
        #expect(schedule.isPassDue)
        schedule.begun(RecoveryWalk(from: 0, to: 0))
        #expect(!schedule.isPassDue)
        #expect(schedule.walkToEnd(ordersLeft: 1) == nil)
        #expect(schedule.walkToEnd(ordersLeft: 0) != nil)
        schedule.endPass()
        #expect(!schedule.isPassDue)
        schedule.assigned(isBlind: false)
        #expect(!schedule.isPassDue)
    }

    @Test func whatIsLostDuringAPassIsLookedForByAnother() {
        var schedule = RecoverySchedule(interval: .seconds(600))
        schedule.assigned(isBlind: false)
        schedule.begun(RecoveryWalk(from: 0, to: 0))
        schedule.requested()
        #expect(!schedule.isPassDue)
        schedule.endPass()
        #expect(schedule.isPassDue)
    }

    @Test func aPassOfAnotherMemberDoesNotReplaceOurs() {
        var schedule = RecoverySchedule(interval: .seconds(600))
        schedule.assigned(isBlind: true)
        schedule.begun(nil)
        #expect(!schedule.isPassDue)
        schedule.requested()
        #expect(schedule.isPassDue)
    }

    @Test func aLostConnectionLosesThePass() {
        var schedule = RecoverySchedule(interval: .seconds(600))
        schedule.assigned(isBlind: true)
        schedule.begun(RecoveryWalk(from: 0, to: 10))
        schedule.interrupted()
        #expect(schedule.isPassDue)
        #expect(schedule.nextSlice == nil)
    }

    @Test func slicesCoverTheTimeWithoutHoles() {
        var walk = RecoveryWalk(from: 0, to: 40 * 86_400 * 1_000_000)
        var end: Int64 = 0
        var slices = 0
        while !walk.isAtEnd {
            #expect(walk.slice.lowerBound == end)
            end = walk.slice.upperBound
            walk.searched(found: slices % 3 == 0 ? PaymentsLimits.slicePlacements + 1 : 0)
            slices += 1
        }
        #expect(end == walk.to)
        #expect(slices < 200)
    }
}

extension RecoverySchedule {
    fileprivate mutating func endPass() { _ = ended() }
}
