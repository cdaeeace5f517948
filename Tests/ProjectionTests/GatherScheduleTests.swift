import Testing

@testable import Projection

@Suite struct GatherScheduleTests {
    private let now = ContinuousClock.now
    private let busy = ProjectionLimits.messagesOfBusyBatch

    @Test func withoutLoadAMessageIsAppliedWhenItComes() {
        var schedule = GatherSchedule(most: 5_000, gathering: .seconds(1), quiet: .seconds(60))
        #expect(schedule.due(messages: 0, now: now) == nil)
        #expect(schedule.isDue(messages: 1, now: now))
        schedule.applied(messages: busy - 1, begun: now)
        #expect(schedule.isDue(messages: 1, now: now))
    }

    @Test func afterABusyBatchTheNextOneGathers() {
        var schedule = GatherSchedule(most: 5_000, gathering: .seconds(1), quiet: .seconds(60))
        schedule.applied(messages: busy, begun: now)
        #expect(!schedule.isDue(messages: 4_999, now: now + .milliseconds(999)))
        #expect(schedule.due(messages: 1, now: now) == now + .seconds(1))
        #expect(schedule.isDue(messages: 1, now: now + .seconds(1)))
        // Nothing waits without messages.
        #expect(schedule.due(messages: 0, now: now) == nil)
        schedule.applied(messages: 10, begun: now + .seconds(1))
        #expect(schedule.isDue(messages: 1, now: now + .seconds(1)))
    }

    @Test func whenNothingComesAnyMoreTheGatheringEnds() {
        var schedule = GatherSchedule(most: 5_000, gathering: .seconds(1), quiet: .milliseconds(50))
        schedule.applied(messages: busy, begun: now)
        schedule.arrived(at: now + .milliseconds(10), isFull: false)
        #expect(schedule.due(messages: 1, now: now) == now + .milliseconds(60))
        schedule.arrived(at: now + .milliseconds(980), isFull: false)
        #expect(schedule.due(messages: 2, now: now) == now + .seconds(1))
    }

    @Test func aProjectorThatIsBehindFillsItsBatch() {
        var schedule = GatherSchedule(most: 5_000, gathering: .seconds(1), quiet: .milliseconds(50))
        schedule.applied(messages: busy, begun: now)
        schedule.arrived(at: now + .seconds(2), isFull: true)
        #expect(!schedule.isDue(messages: 4_999, now: now + .seconds(2)))
        #expect(schedule.isDue(messages: 5_000, now: now + .seconds(2)))
        // The last of them was not full: nothing more waits.
        schedule.arrived(at: now + .seconds(2), isFull: false)
        #expect(schedule.isDue(messages: 4_999, now: now + .seconds(2)))
    }

    @Test func aFullBatchIsDueAtOnce() {
        var schedule = GatherSchedule(most: 5_000, gathering: .seconds(1), quiet: .seconds(60))
        schedule.applied(messages: busy, begun: now)
        #expect(schedule.isDue(messages: 5_000, now: now))
    }

    @Test func withoutGatheringEveryBatchIsDue() {
        var schedule = GatherSchedule(most: 5_000, gathering: .zero, quiet: .zero)
        schedule.applied(messages: busy, begun: now)
        #expect(schedule.isDue(messages: 1, now: now))
    }
}
