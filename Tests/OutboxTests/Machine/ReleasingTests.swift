import Testing

@testable import Outbox

/// Conversations with the machine while a key is being released: cuts and parts of the release take turns.
struct ReleasingTests {
    @Test func aReleaseThatGaveWayGoesOnAtOnce() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(.test(draining: nil)), seeing: .init())
        #expect(machine.handle(.foundNothing, seeing: .releasing()) == .advance)
        #expect(!machine.isIdle)
        #expect(machine.handle(.foundNothing, seeing: .releasing(.holdingLock())) == .advance)
        // It is through, and the relay sleeps as if there had been none.
        #expect(machine.handle(.foundNothing, seeing: .holdingLock()) == .listen(.seconds(5)))
    }

    @Test func asleepADrainedCutDoesNotWaitForTheNextNotification() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(.test(draining: nil)), seeing: .init())
        _ = machine.handle(.foundNothing, seeing: .releasing(.holdingLock()))
        machine.offer(rows: 3)
        #expect(machine.handle(.offered(all: true), seeing: .releasing(.inFlight(3))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .releasing(.holdingLock(settled: 9))) == .advance)
    }

    /// The release fills the distance between two cuts.
    @Test func awakeACutIsNotSpaced() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(.test(draining: nil)), seeing: .init())
        machine.offer(rows: OutboxLimits.rowsUntilAwake)
        #expect(machine.handle(.offered(all: true), seeing: .releasing(.inFlight(3))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .releasing(.inFlight(0, settled: 9))) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .releasing()) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .init()) == .space(SleepMachine.spacing))
    }

    /// That cuts follow each other at once is the release's doing: it is no reason to give up the sleep lock.
    @Test func cutsOfAReleaseDoNotLookBusy() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(.test(draining: nil)), seeing: .init())
        _ = machine.handle(.foundNothing, seeing: .releasing(.holdingLock()))
        _ = machine.handle(.foundNothing, seeing: .releasing(.holdingLock()))
        for _ in 0..<2 * OutboxLimits.cutsUntilAwake {
            machine.offer(rows: 3)
            #expect(machine.handle(.offered(all: true), seeing: .releasing(.holdingLock(settled: 9))) == .advance)
        }
        #expect(machine.wantsSleepLock)
    }

    @Test func stoppingEndsItBetweenTwoParts() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(.test(draining: nil)), seeing: .init())
        #expect(machine.handle(.foundNothing, seeing: .stopping(.releasing())) == .stop)
    }

    @Test func aReleaseThatUndidItsTransactionReadsKafkasRecordBack() {
        var machine = RelayMachine.transactional(leading: .test(draining: nil))
        #expect(
            machine.handle(.undone(.test(draining: "10:20:", drainedThrough: 80)), seeing: .releasing()) == .recover)
        #expect(machine.handle(.notRecovered, seeing: .releasing()) == .abandon(after: Backoff.pause(1)))
        #expect(machine.handle(.abandoned, seeing: .releasing()) == .recover)
        // The cut was drained and is finished now; the next one comes before the next try.
        #expect(machine.handle(.recovered(through: 80), seeing: .releasing()) == .fetch(after: 80))
        #expect(machine.handle(.fetched(rows: 0, lastID: 0, isLast: true), seeing: .releasing()) == .advance)
    }

    @Test func stoppingDoesNotOpenAnotherPublisher() {
        var machine = RelayMachine.transactional(leading: .test(draining: nil))
        #expect(machine.handle(.undone(.test(draining: nil)), seeing: .stopping(.releasing())) == .stop)
    }
}

extension RelaySight {
    fileprivate static func releasing(_ sight: RelaySight = .init()) -> RelaySight {
        var sight = sight
        sight.isReleasing = true
        return sight
    }
}
