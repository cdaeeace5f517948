import Testing

@testable import Projection

@Suite struct GatherScheduleTests {
    private let now = ContinuousClock.now
    private let busy = ProjectionLimits.messagesOfBusyBatch

    @Test func withoutLoadAMessageIsAppliedWhenItComes() {
        var schedule = GatherSchedule(most: 5_000, gathering: .seconds(1))
        #expect(schedule.due(messages: 0, now: now) == nil)
        #expect(schedule.isDue(messages: 1, now: now))
        schedule.applied(messages: busy - 1, begun: now)
        #expect(schedule.isDue(messages: 1, now: now))
    }

    @Test func afterABusyBatchTheNextOneGathers() {
        var schedule = GatherSchedule(most: 5_000, gathering: .seconds(1))
        schedule.applied(messages: busy, begun: now)
        #expect(!schedule.isDue(messages: 4_999, now: now + .milliseconds(999)))
        #expect(schedule.due(messages: 1, now: now) == now + .seconds(1))
        #expect(schedule.isDue(messages: 1, now: now + .seconds(1)))
        // Nothing waits without messages.
        #expect(schedule.due(messages: 0, now: now) == nil)
        schedule.applied(messages: 10, begun: now + .seconds(1))
        #expect(schedule.isDue(messages: 1, now: now + .seconds(1)))
    }

    @Test func aFullBatchIsDueAtOnce() {
        var schedule = GatherSchedule(most: 5_000, gathering: .seconds(1))
        schedule.applied(messages: busy, begun: now)
        #expect(schedule.isDue(messages: 5_000, now: now))
    }

    @Test func withoutGatheringEveryBatchIsDue() {
        var schedule = GatherSchedule(most: 5_000, gathering: .zero)
        schedule.applied(messages: busy, begun: now)
        #expect(schedule.isDue(messages: 1, now: now))
    }
}
