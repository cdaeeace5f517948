import Testing

@testable import Projection

@Suite struct GatherScheduleTests {
    private let now = ContinuousClock.now
    private let busy = ProjectionLimits.messagesOfBusyBatch

    private func schedule(gathering: Duration, quiet: Duration) -> GatherSchedule {
        GatherSchedule(most: 5_000, gathering: gathering, quiet: quiet, leastMessagesPerSecond: 4_000)
    }

    @Test func withoutLoadAMessageIsAppliedWhenItComes() {
        var schedule = schedule(gathering: .seconds(1), quiet: .seconds(60))
        #expect(schedule.due(messages: 0, now: now) == nil)
        #expect(schedule.isDue(messages: 1, now: now))
        schedule.applied(arrived: busy - 1, begun: now)
        #expect(schedule.isDue(messages: 1, now: now))
    }

    @Test func afterABusyBatchTheNextOneGathers() {
        var schedule = schedule(gathering: .seconds(1), quiet: .seconds(60))
        schedule.applied(arrived: busy, begun: now)
        #expect(!schedule.isDue(messages: 4_999, now: now + .milliseconds(999)))
        #expect(schedule.due(messages: 1, now: now) == now + .seconds(1))
        #expect(schedule.isDue(messages: 1, now: now + .seconds(1)))
        // Nothing waits without messages.
        #expect(schedule.due(messages: 0, now: now) == nil)
        schedule.applied(arrived: 10, begun: now + .seconds(1))
        #expect(schedule.isDue(messages: 1, now: now + .seconds(1)))
    }

    @Test func whenNothingComesAnyMoreTheGatheringEnds() {
        var schedule = schedule(gathering: .seconds(1), quiet: .milliseconds(50))
        schedule.applied(arrived: busy, begun: now)
        schedule.arrived(at: now + .milliseconds(10))
        #expect(schedule.due(messages: 1, now: now) == now + .milliseconds(60))
        schedule.arrived(at: now + .milliseconds(980))
        #expect(schedule.due(messages: 2, now: now) == now + .seconds(1))
    }

    @Test func theLoadIsOverWhenFewMessagesCome() {
        var schedule = schedule(gathering: .seconds(1), quiet: .seconds(60))
        schedule.applied(arrived: busy, begun: now)
        // A second's messages under load, and then of a second with fewer.
        schedule.applied(arrived: 4_000, begun: now + .seconds(1))
        #expect(!schedule.isDue(messages: 1, now: now + .seconds(1)))
        schedule.applied(arrived: 3_999, begun: now + .seconds(2))
        #expect(schedule.isDue(messages: 1, now: now + .seconds(2)))
    }

    @Test func ordersThatAreBeingPaidWaitUnderLoadOnly() {
        var schedule = schedule(gathering: .seconds(1), quiet: .milliseconds(50))
        schedule.arrived(at: now)
        #expect(schedule.waitSince(now: now) == nil)
        schedule.applied(arrived: busy, begun: now)
        #expect(schedule.waitSince(now: now) == now - .seconds(1) * ProjectionLimits.gatheringsOfPayment)
        // Nothing comes any more: first what waits for nothing is due, then everything.
        #expect(schedule.waitSince(now: now + .milliseconds(199)) != nil)
        #expect(schedule.waitSince(now: now + .milliseconds(200)) == nil)
    }

    @Test func whatStayedBehindIsNotDueAgainAtOnce() {
        var schedule = schedule(gathering: .seconds(1), quiet: .milliseconds(50))
        schedule.applied(arrived: busy, begun: now)
        schedule.arrived(at: now + .milliseconds(10))
        #expect(schedule.isDue(messages: 9, now: now + .milliseconds(60)))
        schedule.applied(arrived: busy * 10, begun: now + .milliseconds(60))
        #expect(schedule.due(messages: 2, now: now + .milliseconds(70)) == now + .milliseconds(210))
        schedule.arrived(at: now + .milliseconds(80))
        #expect(schedule.due(messages: 3, now: now + .milliseconds(80)) == now + .milliseconds(130))
    }

    @Test func aFullBatchIsDueAtOnce() {
        var schedule = schedule(gathering: .seconds(1), quiet: .seconds(60))
        schedule.applied(arrived: busy, begun: now)
        #expect(schedule.isDue(messages: 5_000, now: now))
    }

    @Test func withoutGatheringEveryBatchIsDue() {
        var schedule = schedule(gathering: .zero, quiet: .zero)
        schedule.arrived(at: now)
        schedule.applied(arrived: busy, begun: now)
        #expect(schedule.isDue(messages: 1, now: now))
        #expect(schedule.waitSince(now: now) == nil)
    }
}
