import Testing
import Threads

@testable import Outbox

/// Conversations with the machine while keys are being released: cuts and parts of the release take turns.
struct ReleaseMachineTests {
    private let clean = Checkpoint.test(draining: nil)
    private let drained = Checkpoint.test(draining: "10:20:", drainedThrough: 80)
    private let one = OutboxKey(aggregateType: "order", aggregateID: "one")
    private let two = OutboxKey(aggregateType: "order", aggregateID: "two")
    private let all = OutboxLimits.heldRowsPerRead
    private let refusal = PublishFailure(.row, "too large")
    private let missing = PublishFailure(.topic, "unknown topic")

    // MARK: Beside cuts

    @Test func withoutAParkedKeyNothingIsAsked() {
        var machine = RelayMachine.test()
        #expect(machine.handle(.led(clean), seeing: .init()) == .advance)
    }

    @Test func aKeyIsReadOfferedSettledAndForgottenBeforeTheCut() {
        var machine = RelayMachine.test()
        #expect(machine.handle(.led(clean), seeing: .parked()) == .release(.ask))
        #expect(machine.isReleasing)
        #expect(ask([one], &machine) == .release(.fetch(one, after: 0, rows: all)))
        #expect(machine.handle(.fetched([3, 4, 7], isLast: true), seeing: .parked()) == .release(.offer(from: 0)))
        #expect(machine.handle(.offered(3), seeing: .parked(.inFlight(3))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .parked(.inFlight(1))) == .wait(Drain.reportWait))
        #expect(
            machine.handle(.waited, seeing: .parked(.inFlight(0))) == .release(.forget(one, through: 7, rows: 3)))
        #expect(machine.handle(.release(.forgotten), seeing: .parked()) == .release(.finish(one, isRetry: false)))
        #expect(machine.handle(.release(.finished), seeing: .init()) == .advance)
        #expect(!machine.isReleasing)
        #expect(machine.handle(.foundNothing, seeing: .init()) == .listen(SleepMachine.firstPause))
    }

    @Test func inTransactionsRowsAreForgottenWhenTheyAreCommitted() {
        var machine = publishing(.exactlyOnce, [3, 4])
        #expect(machine.handle(.offered(2), seeing: .parked(.inFlight(2))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .parked()) == .release(.commit(through: 4)))
        #expect(machine.handle(.awaitingRecord, seeing: .parked()) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .parked()) == .release(.commit(through: 4)))
        #expect(machine.handle(.notCommitted, seeing: .parked()) == .release(.commit(through: 4)))
        #expect(machine.handle(.committed, seeing: .parked()) == .release(.forget(one, through: 4, rows: 2)))
        #expect(machine.handle(.release(.forgotten), seeing: .parked()) == .release(.finish(one, isRetry: false)))
    }

    @Test func aFullPublisherIsWaitedFor() {
        var machine = publishing(.atLeastOnce, [3, 4, 7])
        #expect(machine.handle(.offered(1), seeing: .parked(.inFlight(1))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .parked()) == .release(.offer(from: 1)))
        #expect(machine.handle(.offered(3), seeing: .parked()) == .release(.forget(one, through: 7, rows: 3)))
    }

    @Test func keysTakeTurnsAndAReleaseGivesWayToACut() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(clean), seeing: .parked())
        // However long asking took, one chunk is released.
        #expect(ask([one, two], &machine, .late()) == .release(.fetch(one, after: 0, rows: all)))
        release([1, 2], of: one, isLast: false, &machine)
        #expect(machine.handle(.release(.forgotten), seeing: .parked()) == .release(.fetch(two, after: 0, rows: all)))
        release([5, 6], of: two, isLast: false, &machine)
        #expect(machine.handle(.release(.forgotten), seeing: .late()) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .parked()) == .release(.ask))
        #expect(ask([one, two], &machine) == .release(.fetch(one, after: 2, rows: all)))
    }

    @Test func aRetryIsFinishedAsOne() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(clean), seeing: .parked())
        let asked = RelayEvent.release(.asked([ReleaseRequest(key: one, isRetry: true)], clean))
        #expect(machine.handle(asked, seeing: .parked()) == .release(.fetch(one, after: 0, rows: all)))
        #expect(
            machine.handle(.fetched([], isLast: true), seeing: .parked()) == .release(.finish(one, isRetry: true)))
    }

    @Test func aReleaseThatGaveWayGoesOnAtOnce() {
        var machine = gaveWay()
        #expect(machine.handle(.foundNothing, seeing: .parked()) == .release(.ask))
        #expect(!machine.isIdle)
        #expect(giveWay(&machine) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .parked(.holdingLock())) == .release(.ask))
        #expect(ask([], &machine) == .advance)
        // It is through, and the relay sleeps as if there had been none.
        #expect(machine.handle(.foundNothing, seeing: .holdingLock()) == .listen(.seconds(5)))
    }

    @Test func asleepADrainedCutDoesNotWaitForTheNextNotification() {
        var machine = gaveWay(.holdingLock())
        machine.offer(rows: 3)
        #expect(machine.handle(.offered(all: true), seeing: .parked(.inFlight(3))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .parked(.holdingLock(settled: 9))) == .release(.ask))
    }

    /// The release fills the distance between two cuts.
    @Test func awakeACutIsNotSpaced() {
        var machine = gaveWay()
        machine.offer(rows: OutboxLimits.rowsUntilAwake)
        #expect(machine.handle(.offered(all: true), seeing: .parked(.inFlight(3))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .parked(.inFlight(0, settled: 9))) == .release(.ask))
        #expect(giveWay(&machine) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .parked()) == .release(.ask))
        #expect(ask([], &machine) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .init()) == .space(SleepMachine.spacing))
    }

    /// That cuts follow each other at once is the release's doing: it is no reason to give up the sleep lock.
    @Test func cutsOfAReleaseDoNotLookBusy() {
        var machine = gaveWay()
        _ = machine.handle(.foundNothing, seeing: .parked(.holdingLock()))
        #expect(giveWay(&machine) == .advance)
        for _ in 0..<2 * OutboxLimits.cutsUntilAwake {
            machine.offer(rows: 3)
            let settled = RelayInput.parked(.holdingLock(settled: 9))
            #expect(machine.handle(.offered(all: true), seeing: settled) == .release(.ask))
            #expect(giveWay(&machine) == .advance)
        }
        #expect(machine.wantsSleepLock)
    }

    // MARK: What Kafka or Postgres refuses

    @Test func aRowThatIsRefusedAtOnceEndsItsKeyBehindWhatWasSettled() {
        var machine = publishing(.atLeastOnce, [3, 4, 7])
        let offered = RelayEvent.release(.offered(through: 2, published: 2, refusal: refusal))
        #expect(machine.handle(offered, seeing: .parked(.inFlight(2))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .parked()) == .release(.forget(one, through: 4, rows: 2)))
        #expect(machine.handle(.release(.forgotten), seeing: .parked()) == .release(.refuse(one, refusal)))
        #expect(machine.handle(.release(.refused), seeing: .parked()) == .advance)
    }

    @Test func atLeastOnceAReportedRefusalIsSearchedForBehindWhatWasSettled() {
        var machine = publishing(.atLeastOnce, [3, 4, 7])
        #expect(
            machine.handle(.offered(3), seeing: .failing(refusal, .inFlight(2)))
                == .release(.forget(one, through: 3, rows: 1)))
        // A further failure of the same flight is ignored.
        #expect(
            machine.handle(.release(.forgotten), seeing: .failing(refusal, .inFlight(2))) == .abandon(after: .zero))
        #expect(machine.handle(.abandoned, seeing: .parked()) == .release(.fetch(one, after: 3, rows: 1)))
        #expect(machine.handle(.fetched([4], isLast: false), seeing: .parked()) == .release(.offer(from: 0)))
        #expect(machine.handle(.offered(1), seeing: .failing(refusal, .inFlight(1))) == .abandon(after: .zero))
        #expect(machine.handle(.abandoned, seeing: .parked()) == .release(.refuse(one, refusal)))
        #expect(machine.handle(.release(.refused), seeing: .parked()) == .advance)
    }

    @Test func atLeastOnceAFailureThatPassesIsTriedAgainBehindACut() {
        let away = PublishFailure(.transient, "timed out")
        var machine = publishing(.atLeastOnce, [3, 4, 7])
        #expect(
            machine.handle(.offered(3), seeing: .failing(away, .inFlight(2)))
                == .release(.forget(one, through: 3, rows: 1)))
        #expect(machine.handle(.release(.forgotten), seeing: .parked(.inFlight(2))) == .abandon(after: .zero))
        #expect(machine.handle(.abandoned, seeing: .parked()) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .parked()) == .release(.ask))
        #expect(ask([one], &machine) == .release(.fetch(one, after: 3, rows: all)))
        _ = machine.handle(.fetched([4, 7], isLast: true), seeing: .parked())
        // Without progress it waits for a cut that is taken for other reasons.
        #expect(machine.handle(.offered(2), seeing: .failing(away, .inFlight(2))) == .abandon(after: .zero))
        #expect(machine.handle(.abandoned, seeing: .parked()) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .parked()) == .listen(SleepMachine.firstPause))
    }

    @Test func aRowThatCannotBeReadIsFoundOneByOne() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(clean), seeing: .parked())
        _ = ask([one], &machine)
        let unreadable = RelayEvent.release(.unreadable(refusal))
        #expect(machine.handle(unreadable, seeing: .parked()) == .release(.fetch(one, after: 0, rows: 1)))
        #expect(machine.handle(unreadable, seeing: .parked()) == .release(.refuse(one, refusal)))
    }

    @Test func aReleaseThatUndidItsTransactionReadsKafkasRecordBack() {
        var machine = publishing(.exactlyOnce, [3, 4], at: drained)
        #expect(machine.handle(.offered(2), seeing: .failing(missing, .inFlight(2))) == .abandon(after: .zero))
        #expect(machine.handle(.abandoned, seeing: .parked()) == .recover)
        #expect(machine.handle(.notRecovered, seeing: .parked()) == .abandon(after: Backoff.pause(1)))
        #expect(machine.handle(.abandoned, seeing: .parked()) == .recover)
        // The cut was drained and is finished now; the next one comes before the next try.
        #expect(machine.handle(.recovered(through: 80), seeing: .parked()) == .fetch(after: 80))
        #expect(machine.handle(.fetched(rows: 0, lastID: 0, isLast: true), seeing: .parked()) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .parked()) == .release(.ask))
        #expect(ask([one], &machine) == .release(.fetch(one, after: 0, rows: 1)))
    }

    @Test func inTransactionsARowThatWasAloneIsRefusedBeforeTheRecordIsReadBack() {
        var machine = publishing(.exactlyOnce, [3])
        #expect(machine.handle(.offered(1), seeing: .failing(missing, .inFlight(1))) == .abandon(after: .zero))
        #expect(machine.handle(.abandoned, seeing: .parked()) == .release(.refuse(one, missing)))
        #expect(machine.handle(.release(.refused), seeing: .parked()) == .recover)
    }

    /// Only Kafka's record says which rows are committed.
    @Test func inTransactionsAFailureThatIsNoRefusalEndsTheSession() {
        let away = PublishFailure(.transient, "timed out")
        var machine = publishing(.exactlyOnce, [3, 4])
        var other = machine
        #expect(machine.handle(.offered(2), seeing: .failing(away, .inFlight(2))) == .release(.giveUp(away)))
        _ = other.handle(.offered(2), seeing: .parked())
        #expect(other.handle(.notCommitted, seeing: .failing(away)) == .release(.giveUp(away)))
    }

    // MARK: Stopping

    @Test func stoppingEndsItBetweenTwoParts() {
        var machine = gaveWay()
        #expect(machine.handle(.foundNothing, seeing: .stopping(.parked())) == .stop)
    }

    @Test func stoppingSettlesTheRowsInFlightAndFinishesTheCut() {
        var machine = publishing(.atLeastOnce, [3, 4, 7])
        #expect(machine.handle(.offered(2), seeing: .stopping(.parked(.inFlight(2)))) == .wait(Drain.reportWait))
        #expect(
            machine.handle(.waited, seeing: .stopping(.parked())) == .release(.forget(one, through: 4, rows: 2)))
        #expect(machine.handle(.release(.forgotten), seeing: .stopping(.parked())) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .stopping(.parked())) == .stop)
    }

    @Test func stoppingCommitsTheTransactionInFlight() {
        var machine = publishing(.exactlyOnce, [3, 4, 7])
        #expect(machine.handle(.offered(2), seeing: .stopping(.parked(.inFlight(2)))) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .stopping(.parked())) == .release(.commit(through: 4)))
        #expect(
            machine.handle(.committed, seeing: .stopping(.parked())) == .release(.forget(one, through: 4, rows: 2)))
        #expect(machine.handle(.release(.forgotten), seeing: .stopping(.parked())) == .advance)
    }

    @Test func stoppingBeginsNoFlight() {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(clean), seeing: .parked())
        var other = machine
        #expect(ask([one], &machine, .stopping(.parked())) == .advance)
        _ = ask([one], &other)
        #expect(other.handle(.fetched([3], isLast: true), seeing: .stopping(.parked())) == .advance)
    }

    /// At least once, what is acknowledged is not repeated. A transaction that is open is undone by the next leader.
    @Test func theTimeToStopInIsBounded() {
        var machine = publishing(.atLeastOnce, [3, 4, 7])
        #expect(
            machine.handle(.offered(2), seeing: .overdue(.parked(.inFlight(1))))
                == .release(.forget(one, through: 3, rows: 1)))
        #expect(machine.handle(.release(.forgotten), seeing: .overdue(.parked(.inFlight(1)))) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .overdue(.parked())) == .stop)
        var other = publishing(.exactlyOnce, [3, 4, 7])
        var committing = other
        #expect(other.handle(.offered(2), seeing: .overdue(.parked(.inFlight(1)))) == .stop)
        _ = committing.handle(.offered(3), seeing: .parked())
        #expect(committing.handle(.notCommitted, seeing: .overdue(.parked())) == .stop)
    }

    @Test func stoppingDoesNotOpenAnotherPublisher() {
        var machine = publishing(.exactlyOnce, [3, 4])
        _ = machine.handle(.offered(2), seeing: .failing(missing, .inFlight(2)))
        #expect(machine.handle(.abandoned, seeing: .stopping(.parked())) == .stop)
    }

    // MARK: Beginnings

    private func ask(
        _ keys: [OutboxKey], _ machine: inout RelayMachine, _ input: RelayInput = .parked(),
        at checkpoint: Checkpoint? = nil
    ) -> RelayAction {
        let requests = keys.map { ReleaseRequest(key: $0, isRetry: false) }
        return machine.handle(.release(.asked(requests, checkpoint ?? clean)), seeing: input)
    }

    /// One chunk up to the deletion of its rows, which is asked for.
    private func release(_ holdIDs: [Int64], of key: OutboxKey, isLast: Bool, _ machine: inout RelayMachine) {
        #expect(machine.handle(.fetched(holdIDs, isLast: isLast), seeing: .parked()) == .release(.offer(from: 0)))
        let forget = RelayAction.release(.forget(key, through: holdIDs.last ?? 0, rows: holdIDs.count))
        #expect(machine.handle(.offered(holdIDs.count), seeing: .parked()) == forget)
    }

    /// A release phase that was just asked what to release: it gives way after one chunk.
    private func giveWay(_ machine: inout RelayMachine) -> RelayAction {
        guard case .release(.fetch(_, let after, _)) = ask([one], &machine) else { return .stop }
        release([after + 1, after + 2], of: one, isLast: false, &machine)
        return machine.handle(.release(.forgotten), seeing: .late())
    }

    /// A cut is being looked for, and the release goes on behind it.
    private func gaveWay(_ input: RelayInput = .init()) -> RelayMachine {
        var machine = RelayMachine.test()
        _ = machine.handle(.led(clean), seeing: .parked(input))
        #expect(giveWay(&machine) == .advance)
        return machine
    }

    /// These rows are about to be offered; they are not the key's last.
    private func publishing(
        _ guarantee: DeliveryGuarantee, _ holdIDs: [Int64], at checkpoint: Checkpoint? = nil
    ) -> RelayMachine {
        var machine = RelayMachine(sleep: SleepMachine(ceiling: .seconds(5)), guarantee: guarantee)
        _ = machine.handle(.led(clean), seeing: .parked())
        if guarantee == .exactlyOnce { _ = machine.handle(.recovered(through: 0), seeing: .parked()) }
        #expect(ask([one], &machine, at: checkpoint) == .release(.fetch(one, after: 0, rows: all)))
        #expect(machine.handle(.fetched(holdIDs, isLast: true), seeing: .parked()) == .release(.offer(from: 0)))
        return machine
    }
}

extension RelayEvent {
    fileprivate static func fetched(_ holdIDs: [Int64], isLast: Bool) -> RelayEvent {
        .release(.fetched(holdIDs, isLast: isLast))
    }

    /// The rows up to this index, all of them in one step.
    fileprivate static func offered(_ through: Int) -> RelayEvent {
        .release(.offered(through: through, published: through, refusal: nil))
    }
}

extension RelayInput {
    fileprivate static func parked(_ input: RelayInput = .init()) -> RelayInput {
        var input = input
        input.hasParkedKeys = true
        return input
    }

    /// The time of the release is over.
    fileprivate static func late() -> RelayInput {
        var input = parked()
        input.isReleaseTimeOver = true
        return input
    }

    fileprivate static func failing(_ reason: PublishFailure, _ input: RelayInput = .init()) -> RelayInput {
        var input = parked(input)
        input.failure = RelayInput.ReportedFailure(reason: reason, newest: 0)
        return input
    }
}
