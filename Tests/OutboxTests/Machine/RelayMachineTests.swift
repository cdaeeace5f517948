import Testing
import Threads

@testable import Outbox

/// Conversations with the machine: what happened, what it does next.
struct RelayMachineTests {
    private let clean = Checkpoint.test(draining: nil)
    private let unfinished = Checkpoint.test(draining: "10:20:", drainedThrough: 70)

    @Test func aCutIsReadOfferedAndFinished() {
        var machine = RelayMachine.test()
        #expect(machine.handle(.led(clean), seeing: .init()) == .advance)
        #expect(machine.handle(.advanced(.test(draining: "10:20:"), rows: 3), seeing: .init()) == .fetch(after: 0))
        #expect(machine.handle(.fetched(rows: 3, lastID: 9, isLast: true), seeing: .init()) == .offer(.none))
        #expect(machine.handle(.offered(all: true), seeing: .inFlight(3)) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(1, settled: 5)) == .wait(Drain.reportWait))
        // All acknowledged: finishing the cut makes saving its chunk needless.
        #expect(machine.handle(.waited, seeing: .inFlight(0, settled: 9)) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .init()) == .listen(SleepMachine.firstPause))
        #expect(machine.isIdle && machine.wantsSleepLock)
        #expect(machine.handle(.waited, seeing: .init()) == .advance)
    }

    @Test func aRelayThatIsAsleepFinishesADrainedCutWithTheNextNotification() {
        var machine = RelayMachine.resting()
        #expect(machine.handle(.waited, seeing: .holdingLock(settled: 9)) == .advance)
        // Nothing came meanwhile: as before, it sleeps on.
        #expect(machine.handle(.foundNothing, seeing: .holdingLock()) == .listen(.seconds(5)))
    }

    @Test func stoppingWhileADrainedCutIsUnfinishedFinishesIt() {
        var machine = RelayMachine.resting()
        let input = RelayInput.stopping(.holdingLock(settled: 9))
        var other = machine
        #expect(machine.handle(.waited, seeing: input) == .advance)
        #expect(machine.handle(.foundNothing, seeing: input) == .stop)
        // Rows that come with it are left to the next leader.
        _ = other.handle(.waited, seeing: input)
        #expect(other.handle(.advanced(.test(draining: "10:30:"), rows: 1), seeing: .stopping(.holdingLock())) == .stop)
    }

    @Test func aBusyRelayKeepsItsCutsAtADistance() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(clean), seeing: .init())
        machine.offer(rows: OutboxLimits.rowsUntilAwake)
        // The reports are taken together when the time is over.
        #expect(machine.handle(.offered(all: true), seeing: .inFlight(3)) == .space(SleepMachine.spacing))
        #expect(machine.handle(.waited, seeing: .inFlight(1, settled: 5)) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(0, settled: 9)) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .init()) == .space(SleepMachine.spacing))
        #expect(!machine.wantsSleepLock)
    }

    @Test func anUnfinishedCutIsDrainedBeforeAnotherIsTaken() {
        var machine = RelayMachine.test()
        #expect(machine.handle(.led(unfinished), seeing: .init()) == .fetch(after: 70))
        #expect(machine.handle(.fetched(rows: 0, lastID: 0, isLast: true), seeing: .init()) == .advance)
    }

    @Test func theNextChunkIsReadWhileTheLastIsInFlightAndSavedWhenItIsSettled() {
        var machine = RelayMachine.test(leading: unfinished)
        #expect(machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init()) == .offer(.none))
        #expect(machine.handle(.offered(all: true), seeing: .inFlight(10)) == .fetch(after: 80))
        #expect(
            machine.handle(.fetched(rows: 10, lastID: 95, isLast: false), seeing: .inFlight(5, settled: 75))
                == .offer(.none))
        #expect(machine.handle(.offered(all: true), seeing: .inFlight(10, settled: 80)) == .save(through: 80))
        #expect(machine.handle(.saved, seeing: .inFlight(10, settled: 80)) == .fetch(after: 95))
    }

    @Test func aFullPublisherIsWaitedFor() {
        var machine = RelayMachine.test(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        #expect(machine.handle(.offered(all: false), seeing: .inFlight(4)) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(2)) == .offer(.none))
    }

    @Test func rowsInFlightAreBounded() {
        var machine = RelayMachine.test(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        let full = RelayInput.inFlight(OutboxLimits.rowsInFlight)
        #expect(machine.handle(.offered(all: true), seeing: full) == .wait(Drain.reportWait))
    }

    @Test func afterAFailureItStartsAgainBehindTheSettledFront() {
        var machine = RelayMachine.test(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        var input = RelayInput.inFlight(6, settled: 74)
        input.failure = .init(kind: .transient, newest: 80)
        #expect(machine.handle(.offered(all: true), seeing: input) == .abandon(after: Backoff.pause(1)))
        #expect(machine.handle(.abandoned, seeing: .init()) == .fetch(after: 74))
        #expect(
            machine.handle(.fetched(rows: 6, lastID: 80, isLast: false), seeing: .init()) == .offer(.none))
    }

    @Test func repeatedFailuresPauseLongerUntilRowsGetThrough() {
        var machine = RelayMachine.test(leading: unfinished)
        var failing = RelayInput()
        failing.failure = .init(kind: .transient, newest: 71)
        #expect(
            machine.handle(.fetched(rows: 1, lastID: 71, isLast: true), seeing: failing)
                == .abandon(after: Backoff.pause(1)))
        _ = machine.handle(.abandoned, seeing: .init())
        #expect(
            machine.handle(.fetched(rows: 1, lastID: 71, isLast: true), seeing: failing)
                == .abandon(after: Backoff.pause(2)))
        _ = machine.handle(.abandoned, seeing: .init())
        var settled = RelayInput.inFlight(6, settled: 74)
        settled.failure = failing.failure
        #expect(
            machine.handle(.fetched(rows: 9, lastID: 80, isLast: true), seeing: settled)
                == .abandon(after: Backoff.pause(1)))
    }

    @Test func aRefusedRowIsSearchedForOneByOne() {
        var machine = RelayMachine.test(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        var input = RelayInput.inFlight(6, settled: 74)
        input.failure = .init(kind: .row, newest: 79)
        #expect(machine.handle(.offered(all: false), seeing: input) == .abandon(after: .zero))
        let suspects = RelayAction.offer(OfferLimits(oneByOneThrough: 79))
        #expect(machine.handle(.abandoned, seeing: .init()) == .fetch(after: 74))
        #expect(machine.handle(.fetched(rows: 6, lastID: 80, isLast: true), seeing: .init()) == suspects)
        #expect(machine.handle(.offered(all: false), seeing: .inFlight(1)) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(0, settled: 75)) == suspects)
    }

    @Test func stoppingSettlesAndSavesWhatIsInFlight() {
        var machine = RelayMachine.test(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        var input = RelayInput.inFlight(4)
        input.isStopping = true
        #expect(machine.handle(.offered(all: false), seeing: input) == .wait(Drain.reportWait))
        input = .inFlight(0, settled: 74)
        input.isStopping = true
        #expect(machine.handle(.waited, seeing: input) == .save(through: 74))
        #expect(machine.handle(.saved, seeing: input) == .stop)
    }

    @Test func stoppingFinishesACutWhoseLastRowsAreSettledMeanwhile() {
        var machine = RelayMachine.test(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: true), seeing: .init())
        #expect(machine.handle(.offered(all: true), seeing: .stopping(.inFlight(4))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .stopping(.inFlight(0, settled: 80))) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .stopping(.init())) == .stop)
    }

    /// What is in flight is not waited for any longer; the next leader sends it again.
    @Test func theTimeToStopInIsBounded() {
        var machine = RelayMachine.test(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        _ = machine.handle(.offered(all: true), seeing: .stopping(.inFlight(4)))
        #expect(machine.handle(.waited, seeing: .overdue(.inFlight(4))) == .stop)
    }

    @Test func stoppingWhileIdleIsImmediate() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(clean), seeing: .init())
        _ = machine.handle(.foundNothing, seeing: .init())
        var input = RelayInput()
        input.isStopping = true
        #expect(machine.handle(.waited, seeing: input) == .stop)
    }
}

extension Checkpoint {
    static func test(draining: String?, drainedThrough: Int64 = 0) -> Checkpoint {
        Checkpoint(
            epoch: 1, cut: 1, published: Snapshot("10:10:")!, draining: draining.flatMap { Snapshot($0) },
            drainedThrough: drainedThrough)
    }
}

extension RelayMachine {
    static func test() -> RelayMachine { RelayMachine(sleep: SleepMachine(ceiling: .seconds(5))) }

    /// Asleep, with a drained cut that is not finished.
    static func resting() -> RelayMachine {
        var machine = test()
        _ = machine.handle(.led(.test(draining: nil)), seeing: .init())
        for _ in 0..<2 {
            _ = machine.handle(.foundNothing, seeing: .holdingLock())
            _ = machine.handle(.waited, seeing: .holdingLock())
        }
        machine.offer(rows: 3)
        #expect(machine.handle(.offered(all: true), seeing: .inFlight(3)) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .holdingLock(settled: 9)) == .listen(SleepMachine.longestUnfinished))
        return machine
    }

    /// Takes a cut and begins to offer its rows, the last of which is row 9.
    mutating func offer(rows: Int) {
        _ = handle(.advanced(.test(draining: "10:20:"), rows: rows), seeing: .holdingLock())
        #expect(handle(.fetched(rows: rows, lastID: 9, isLast: true), seeing: .holdingLock()) == .offer(.none))
    }

    static func test(leading checkpoint: Checkpoint) -> RelayMachine {
        var machine = test()
        _ = machine.handle(.led(checkpoint), seeing: .init())
        return machine
    }
}

extension RelayInput.ReportedFailure {
    init(kind: PublishFailure.Kind, newest: Int64) {
        self.init(reason: PublishFailure(kind, "test"), newest: newest)
    }
}

extension Backoff {
    /// The pause after this many failures in succession.
    static func pause(_ failures: Int) -> Duration {
        var backoff = Backoff.reconnecting
        for _ in 0..<failures { _ = backoff.failed() }
        return backoff.pause
    }
}

extension RelayInput {
    static func overdue(_ input: RelayInput) -> RelayInput {
        var input = stopping(input)
        input.isStopOverdue = true
        return input
    }

    static func holdingLock(settled: Int64? = nil) -> RelayInput {
        var input = inFlight(0, settled: settled)
        input.holdsSleepLock = true
        return input
    }

    static func inFlight(_ rows: Int, settled: Int64? = nil) -> RelayInput {
        var input = RelayInput()
        input.span = rows
        input.settledThrough = settled
        return input
    }
}
