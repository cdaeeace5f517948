import Testing

@testable import Outbox

struct SleepMachineTests {
    private let ceiling = Duration.seconds(5)

    @Test func fallsAsleepOnlyAfterACutMadeWithTheLockHeld() {
        var sleep = SleepMachine(ceiling: ceiling)
        #expect(!sleep.wantsLock)
        #expect(sleep.foundNothing(holdsLock: false) == SleepMachine.firstDoze)
        #expect(sleep.wantsLock)
        // Cut again and again with growing pauses: earlier writers may commit without notifying.
        #expect(sleep.foundNothing(holdsLock: false) == SleepMachine.firstDoze)
        #expect(sleep.foundNothing(holdsLock: false) == SleepMachine.firstDoze * 2)
        // Granted, and the cut after it found nothing.
        #expect(sleep.foundNothing(holdsLock: true) == ceiling)
    }

    @Test func theLongestDozeIsBounded() {
        var sleep = SleepMachine(ceiling: ceiling)
        var last = Duration.zero
        for _ in 0..<30 { last = sleep.foundNothing(holdsLock: false) }
        #expect(last == SleepMachine.longestDoze)
    }

    @Test func oneRowNowAndThenDoesNotWakeIt() {
        var sleep = asleep()
        for _ in 0..<5 {
            sleep.foundRows(1)
            #expect(sleep.wantsLock)
            #expect(sleep.foundNothing(holdsLock: true) == ceiling)
        }
    }

    @Test func rowsInDirectSuccessionWakeIt() {
        var sleep = asleep()
        for _ in 1..<OutboxLimits.cutsUntilAwake {
            sleep.foundRows(1)
            #expect(sleep.wantsLock)
        }
        sleep.foundRows(1)
        #expect(!sleep.wantsLock)
    }

    @Test func oneLargeCutWakesIt() {
        var sleep = asleep()
        sleep.foundRows(OutboxLimits.rowsUntilAwake)
        #expect(!sleep.wantsLock)
    }

    @Test func aLostLockIsAskedForAgain() {
        var sleep = asleep()
        #expect(sleep.foundNothing(holdsLock: false) == SleepMachine.firstDoze)
        #expect(sleep.wantsLock)
    }

    @Test func behindAPoolerItPolls() {
        var sleep = SleepMachine(ceiling: ceiling, pollInterval: .milliseconds(70))
        #expect(sleep.foundNothing(holdsLock: false) == .milliseconds(70))
        #expect(!sleep.wantsLock)
    }

    private func asleep() -> SleepMachine {
        var sleep = SleepMachine(ceiling: ceiling)
        _ = sleep.foundNothing(holdsLock: false)
        _ = sleep.foundNothing(holdsLock: true)
        return sleep
    }
}
