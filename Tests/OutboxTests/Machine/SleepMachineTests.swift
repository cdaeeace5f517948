import Testing

@testable import Outbox

struct SleepMachineTests {
    private let ceiling = Duration.seconds(5)
    private let calm = Snapshot("10:10:")!
    private let crowded = Snapshot("10:15:11,12,13,14")!

    @Test func fallsAsleepOnlyAfterACutMadeWithTheLockHeld() {
        var sleep = SleepMachine(ceiling: ceiling)
        #expect(!sleep.wantsLock)
        #expect(sleep.foundNothing(holdsLock: false) == .listen(SleepMachine.firstPause))
        #expect(sleep.wantsLock)
        // Cut again and again with growing pauses: earlier writers may commit without notifying.
        #expect(sleep.foundNothing(holdsLock: false) == .listen(SleepMachine.firstPause))
        #expect(sleep.foundNothing(holdsLock: false) == .listen(SleepMachine.firstPause * 2))
        // Granted, and the cut after it found nothing.
        #expect(sleep.foundNothing(holdsLock: true) == .listen(ceiling))
    }

    @Test func theLongestDozeIsBounded() {
        var sleep = SleepMachine(ceiling: ceiling)
        var last: RelayAction?
        for _ in 0..<30 { last = sleep.foundNothing(holdsLock: false) }
        #expect(last == .listen(SleepMachine.longestPause))
    }

    @Test func rowsNowAndThenDoNotWakeIt() {
        var sleep = asleep()
        for _ in 0..<10 * OutboxLimits.cutsUntilAwake {
            sleep.rested()
            sleep.foundRows(1, in: calm, holdsLock: true)
            #expect(sleep.wantsLock)
            // Every later row notifies: finishing the cut can wait for it.
            #expect(sleep.restAfterRows == .listen(SleepMachine.longestUnfinished))
        }
    }

    @Test func aRelayThatDozesLooksAgainAtOnce() {
        var sleep = SleepMachine(ceiling: ceiling)
        _ = sleep.foundNothing(holdsLock: false)
        sleep.foundRows(1, in: calm, holdsLock: false)
        // Earlier writers commit without notifying.
        #expect(sleep.restAfterRows == nil)
        #expect(sleep.foundNothing(holdsLock: false) == .listen(SleepMachine.firstPause))
        // The cut saw what was written before the lock was granted, whatever else it found.
        sleep.foundRows(1, in: calm, holdsLock: true)
        #expect(sleep.restAfterRows == .listen(SleepMachine.longestUnfinished))
    }

    @Test func notificationsThatNeedNotBeWaitedForWakeIt() {
        var sleep = asleep()
        sleep.rested()
        sleep.foundRows(1, in: calm, holdsLock: true)
        cutsUntilAwake(&sleep, OutboxLimits.cutsUntilAwake) { sleep in sleep.foundRows(1, in: calm, holdsLock: true) }
    }

    @Test func writersThatQueueWakeIt() {
        var sleep = asleep()
        cutsUntilAwake(&sleep, OutboxLimits.cutsUntilAwake) { sleep in
            sleep.rested()
            sleep.foundRows(1, in: crowded, holdsLock: true)
        }
    }

    @Test func writersThatQueueWakeItBeforeItHasTheLock() {
        var sleep = SleepMachine(ceiling: ceiling)
        _ = sleep.foundNothing(holdsLock: false)
        cutsUntilAwake(&sleep, OutboxLimits.cutsUntilAwake) { sleep in
            sleep.foundRows(1, in: crowded, holdsLock: false)
            if sleep.wantsLock { _ = sleep.foundNothing(holdsLock: false) }
        }
    }

    @Test func transactionsThatWereOpenBeforeItFellAsleepAreNoCrowd() {
        var sleep = asleep()
        sleep.foundRows(OutboxLimits.rowsUntilAwake, in: crowded, holdsLock: true)
        fallAsleep(&sleep)
        for _ in 0..<10 * OutboxLimits.cutsUntilAwake {
            sleep.rested()
            sleep.foundRows(1, in: Snapshot("10:16:11,12,13,14")!, holdsLock: true)
            #expect(sleep.wantsLock)
        }
    }

    @Test func whatWasNoReasonToWakeUpHasToLastLongerTheNextTime() {
        var sleep = asleep()
        var needed = OutboxLimits.cutsUntilAwake
        for alarm in 0..<OutboxLimits.falseAlarmsCounted + 2 {
            cutsUntilAwake(&sleep, needed) { sleep in
                sleep.rested()
                sleep.foundRows(1, in: young(alarm), holdsLock: true)
            }
            fallAsleep(&sleep)
            needed = OutboxLimits.cutsUntilAwake << min(alarm + 1, OutboxLimits.falseAlarmsCounted)
        }
    }

    @Test func aTimeThatWasBusyIsNoFalseAlarm() {
        var sleep = asleep()
        for _ in 0...OutboxLimits.cutsPerLookAtRate {
            sleep.foundRows(OutboxLimits.rowsUntilAwake, in: calm, holdsLock: false)
            #expect(sleep.restAfterRows == .space(SleepMachine.spacing))
        }
        fallAsleep(&sleep)
        cutsUntilAwake(&sleep, OutboxLimits.cutsUntilAwake) { sleep in sleep.foundRows(1, in: crowded, holdsLock: true)
        }
    }

    @Test func oneCalmCutEndsTheSuccession() {
        var sleep = asleep()
        for _ in 0..<3 {
            for _ in 1..<OutboxLimits.cutsUntilAwake {
                sleep.foundRows(1, in: crowded, holdsLock: true)
                #expect(sleep.wantsLock)
            }
            sleep.rested()
            sleep.foundRows(1, in: calm, holdsLock: true)
        }
    }

    @Test func aNotificationThatWasThereAfterAnEmptyCutLooksBusyAsWell() {
        var sleep = asleep()
        cutsUntilAwake(&sleep, OutboxLimits.cutsUntilAwake) { sleep in
            sleep.rested()
            _ = sleep.foundNothing(holdsLock: true)
            sleep.foundRows(1, in: calm, holdsLock: true)
        }
    }

    /// The crowd are the young ones, from the first that began since it was last awake, whatever else is open.
    @Test func anOldTransactionHidesNoCrowd() {
        var sleep = asleep()
        sleep.foundRows(OutboxLimits.rowsUntilAwake, in: calm, holdsLock: true)
        fallAsleep(&sleep)
        let mixed = Snapshot("5:14:5,10,11,12,13")!
        cutsUntilAwake(&sleep, OutboxLimits.cutsUntilAwake) { sleep in
            sleep.rested()
            sleep.foundRows(1, in: mixed, holdsLock: true)
        }
    }

    @Test func atTheRateAtWhichItPaysItStaysAwakeAndBelowItFallsAsleep() {
        for missing in [0, 1] {
            var sleep = SleepMachine(ceiling: ceiling)
            // Its first large cut counts, and those with rows and without.
            sleep.foundRows(OutboxLimits.rowsUntilAwake, in: calm, holdsLock: false)
            judgeRate(&sleep, rows: 0)
            #expect(!sleep.wantsLock)
            judgeRate(&sleep, rows: OutboxLimits.rowsPerLookAtRate)
            #expect(!sleep.wantsLock)
            judgeRate(&sleep, rows: OutboxLimits.rowsPerLookAtRate - missing)
            #expect(sleep.wantsLock == (missing > 0))
        }
    }

    /// As many cuts as the rate is judged by, half of them with rows.
    private func judgeRate(_ sleep: inout SleepMachine, rows: Int) {
        for cut in 1...OutboxLimits.cutsPerLookAtRate {
            #expect(!sleep.wantsLock)
            if cut == 2 {
                sleep.foundRows(rows - rows / 2, in: calm, holdsLock: false)
            } else if cut.isMultiple(of: 2) {
                sleep.foundRows(cut == 4 ? rows / 2 : 0, in: calm, holdsLock: false)
            } else {
                _ = sleep.foundNothing(holdsLock: false)
            }
        }
    }

    /// Writers that began while the relay was awake do not notify: it must look for their rows soon.
    @Test func fallingAsleepFromBeingAwakeItLooksAgainSoon() {
        var sleep = SleepMachine(ceiling: ceiling)
        var last: RelayAction?
        sleep.foundRows(OutboxLimits.rowsUntilAwake, in: calm, holdsLock: false)
        for _ in 0..<2 * OutboxLimits.cutsPerLookAtRate where !sleep.wantsLock {
            last = sleep.foundNothing(holdsLock: false)
        }
        #expect(last == .listen(SleepMachine.firstPause))
        sleep = SleepMachine(ceiling: ceiling)
        sleep.foundRows(OutboxLimits.rowsUntilAwake, in: calm, holdsLock: false)
        for _ in 0..<2 * OutboxLimits.cutsPerLookAtRate where !sleep.wantsLock {
            sleep.foundRows(1, in: calm, holdsLock: false)
        }
        #expect(sleep.wantsLock)
        #expect(sleep.restAfterRows == nil)
    }

    @Test func oneLargeCutWakesIt() {
        var sleep = asleep()
        sleep.foundRows(OutboxLimits.rowsUntilAwake, in: calm, holdsLock: true)
        #expect(!sleep.wantsLock)
    }

    @Test func aMomentWithoutRowsDoesNotPutItToSleep() {
        var sleep = asleep()
        sleep.foundRows(OutboxLimits.rowsUntilAwake, in: calm, holdsLock: true)
        for _ in 1..<OutboxLimits.cutsPerLookAtRate {
            #expect(sleep.foundNothing(holdsLock: false) == .space(SleepMachine.spacing))
            #expect(!sleep.wantsLock)
        }
    }

    @Test func aLostLockIsAskedForAgain() {
        var sleep = SleepMachine(ceiling: ceiling)
        for _ in 0..<4 { _ = sleep.foundNothing(holdsLock: false) }
        #expect(sleep.foundNothing(holdsLock: true) == .listen(ceiling))
        #expect(sleep.foundNothing(holdsLock: false) == .listen(SleepMachine.firstPause))
        #expect(sleep.wantsLock)
        sleep = asleep()
        sleep.foundRows(1, in: calm, holdsLock: false)
        #expect(sleep.restAfterRows == nil)
    }

    @Test func behindAPoolerItPolls() {
        var sleep = SleepMachine(ceiling: ceiling, pollInterval: .milliseconds(70))
        #expect(sleep.foundNothing(holdsLock: false) == .listen(.milliseconds(70)))
        #expect(!sleep.wantsLock)
        sleep.foundRows(1, in: calm, holdsLock: false)
        #expect(!sleep.wantsLock)
        #expect(sleep.restAfterRows == .space(SleepMachine.spacing))
        let eager = SleepMachine(ceiling: ceiling, pollInterval: .milliseconds(2))
        #expect(eager.restAfterRows == .space(.milliseconds(2)))
    }

    /// Makes cuts until it is awake, and compares their number.
    private func cutsUntilAwake(
        _ sleep: inout SleepMachine, _ expected: Int, sourceLocation: SourceLocation = #_sourceLocation,
        _ cut: (inout SleepMachine) -> Void
    ) {
        var cuts = 0
        while sleep.wantsLock, cuts <= expected {
            cut(&sleep)
            cuts += 1
        }
        #expect(cuts == expected, sourceLocation: sourceLocation)
    }

    /// Four transactions in progress, none of which were so at the alarm before.
    private func young(_ alarm: Int) -> Snapshot {
        let first = 100 * (alarm + 1)
        return Snapshot("10:\(first + 4):" + (first..<first + 4).map { String($0) }.joined(separator: ","))!
    }

    private func fallAsleep(_ sleep: inout SleepMachine) {
        for _ in 0..<2 * OutboxLimits.cutsPerLookAtRate where !sleep.wantsLock {
            _ = sleep.foundNothing(holdsLock: false)
        }
        #expect(sleep.wantsLock)
        _ = sleep.foundNothing(holdsLock: true)
        sleep.rested()
    }

    private func asleep() -> SleepMachine {
        var sleep = SleepMachine(ceiling: ceiling)
        _ = sleep.foundNothing(holdsLock: false)
        _ = sleep.foundNothing(holdsLock: true)
        return sleep
    }
}
