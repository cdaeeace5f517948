import Testing
import Threads

@testable import Outbox

/// Conversations with the machine when rows are delivered exactly once: what happened, what it does next.
struct TransactionDrainTests {
    private let clean = Checkpoint.test(draining: nil)
    private let unfinished = Checkpoint.test(draining: "10:20:", drainedThrough: 70)

    @Test func kafkaIsAskedBeforeAnythingIsPublishedAlsoWithNothingToDo() {
        var machine = RelayMachine.transactional()
        #expect(machine.handle(.led(clean), seeing: .init()) == .recover)
        #expect(machine.handle(.recovered(through: 0), seeing: .init()) == .advance)
    }

    @Test func aCutIsOneTransactionAndFinishingItFollowsTheCommit() {
        var machine = RelayMachine.transactional()
        _ = machine.handle(.led(clean), seeing: .init())
        _ = machine.handle(.recovered(through: 0), seeing: .init())
        #expect(machine.handle(.advanced(.test(draining: "10:20:"), rows: 3), seeing: .init()) == .fetch(after: 0))
        #expect(machine.handle(.fetched(rows: 3, lastID: 9, isLast: true), seeing: .init()) == .offer(.none))
        #expect(machine.handle(.sealed(through: 9, all: true), seeing: .inFlight(3)) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(0, settled: 9)) == .commit(through: 9))
        #expect(machine.handle(.committed, seeing: .inFlight(0, settled: 9)) == .advance)
    }

    @Test func whatKafkaHasBeyondTheCheckpointIsNotReadAgain() {
        var machine = RelayMachine.transactional()
        _ = machine.handle(.led(unfinished), seeing: .init())
        #expect(machine.handle(.recovered(through: 85), seeing: .init()) == .save(through: 85))
        #expect(machine.handle(.saved, seeing: .init()) == .fetch(after: 85))
        #expect(machine.handle(.fetched(rows: 0, lastID: 0, isLast: true), seeing: .init()) == .advance)
    }

    @Test func aLargeCutIsATransactionPerChunkAndTheNextChunkIsReadMeanwhile() {
        var machine = RelayMachine.transactional(leading: unfinished)
        #expect(machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init()) == .offer(.none))
        #expect(machine.handle(.sealed(through: 80, all: true), seeing: .inFlight(10)) == .fetch(after: 80))
        // Its rows belong to the next transaction.
        #expect(
            machine.handle(.fetched(rows: 10, lastID: 95, isLast: false), seeing: .inFlight(5, settled: 75))
                == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(0, settled: 80)) == .commit(through: 80))
        #expect(machine.handle(.committed, seeing: .inFlight(0, settled: 80)) == .save(through: 80))
        #expect(machine.handle(.saved, seeing: .inFlight(0, settled: 80)) == .offer(.none))
    }

    @Test func aSmallTransactionGoesOnWithTheNextChunk() {
        var machine = RelayMachine.transactional(leading: unfinished)
        #expect(machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init()) == .offer(.none))
        #expect(machine.handle(.offered(all: true), seeing: .inFlight(10)) == .fetch(after: 80))
        let settled = RelayInput.inFlight(5, settled: 80)
        #expect(machine.handle(.fetched(rows: 10, lastID: 95, isLast: true), seeing: settled) == .offer(.none))
        #expect(machine.handle(.offered(all: false), seeing: settled) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(5, settled: 90)) == .offer(.none))
        let committable = RelayInput.inFlight(0, settled: 95)
        #expect(machine.handle(.sealed(through: 95, all: true), seeing: committable) == .commit(through: 95))
        #expect(machine.handle(.committed, seeing: committable) == .advance)
    }

    /// The cut's last chunk is full, so that its end is only seen by reading on.
    @Test func aLastChunkWithoutRowsEndsTheTransaction() {
        var machine = RelayMachine.transactional(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        _ = machine.handle(.offered(all: true), seeing: .inFlight(10))
        let settled = RelayInput.inFlight(0, settled: 80)
        #expect(machine.handle(.fetched(rows: 0, lastID: 0, isLast: true), seeing: settled) == .offer(.none))
        #expect(machine.handle(.offered(all: false), seeing: settled) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: settled) == .offer(.none))
        #expect(machine.handle(.sealed(through: 80, all: true), seeing: settled) == .commit(through: 80))
        #expect(machine.handle(.committed, seeing: settled) == .advance)
    }

    @Test func stoppingCommitsATransactionThatWouldGoOn() {
        var machine = RelayMachine.transactional(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        let settled = RelayInput.stopping(.inFlight(0, settled: 80))
        #expect(machine.handle(.offered(all: true), seeing: settled) == .commit(through: 80))
        #expect(machine.handle(.committed, seeing: settled) == .save(through: 80))
        #expect(machine.handle(.saved, seeing: settled) == .stop)
    }

    @Test func acknowledgedRowsAreNotSavedBeforeTheyAreCommitted() {
        var machine = RelayMachine.transactional(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        #expect(machine.handle(.offered(all: false), seeing: .inFlight(0, settled: 74)) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(0, settled: 74)) == .offer(.none))
    }

    @Test func aCommitWithoutAnAnswerIsMadeAgain() {
        var machine = committing()
        #expect(machine.handle(.notCommitted, seeing: .inFlight(0, settled: 80)) == .commit(through: 80))
        #expect(machine.handle(.committed, seeing: .inFlight(0, settled: 80)) == .advance)
    }

    /// Its record may be acknowledged after the rows, or find no room at first.
    @Test func aCommitWaitsForTheAcknowledgementOfItsRecord() {
        var machine = committing()
        #expect(machine.handle(.awaitingRecord, seeing: .inFlight(0, settled: 80)) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: .inFlight(0, settled: 80)) == .commit(through: 80))
        var failed = RelayInput.inFlight(0, settled: 80)
        failed.failure = .init(kind: .client, newest: 80)
        #expect(machine.handle(.awaitingRecord, seeing: failed) == .abandon(after: Backoff.pause(1)))
    }

    @Test func stoppingWaitsForTheAcknowledgementOfTheRecord() {
        var machine = committing()
        let settled = RelayInput.stopping(.inFlight(0, settled: 80))
        #expect(machine.handle(.awaitingRecord, seeing: settled) == .wait(Drain.reportWait))
        #expect(machine.handle(.waited, seeing: settled) == .commit(through: 80))
        #expect(machine.handle(.awaitingRecord, seeing: .overdue(.inFlight(0, settled: 80))) == .stop)
    }

    @Test func aCommitThatFailedIsSettledByReadingBack() {
        var machine = committing()
        var failed = RelayInput.inFlight(0, settled: 80)
        failed.failure = .init(kind: .client, newest: 80)
        #expect(machine.handle(.notCommitted, seeing: failed) == .abandon(after: Backoff.pause(1)))
        #expect(machine.handle(.abandoned, seeing: .init()) == .recover)
        // The transaction was committed nevertheless.
        #expect(machine.handle(.recovered(through: 80), seeing: .init()) == .save(through: 80))
        #expect(machine.handle(.saved, seeing: .init()) == .fetch(after: 80))
    }

    @Test func afterAFailureItStartsAgainBehindTheCommittedPlaceNotTheSettledOne() {
        var machine = RelayMachine.transactional(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: true), seeing: .init())
        var failed = RelayInput.inFlight(4, settled: 76)
        failed.failure = .init(kind: .transient, newest: 80)
        #expect(machine.handle(.sealed(through: 80, all: true), seeing: failed) == .abandon(after: Backoff.pause(1)))
        #expect(machine.handle(.abandoned, seeing: .init()) == .recover)
        #expect(machine.handle(.notRecovered, seeing: .init()) == .abandon(after: Backoff.pause(2)))
        #expect(machine.handle(.abandoned, seeing: .init()) == .recover)
        #expect(machine.handle(.recovered(through: 70), seeing: .init()) == .fetch(after: 70))
    }

    @Test func aRefusedRowIsSearchedForByHalvingTransactions() {
        var machine = RelayMachine.transactional(leading: unfinished)
        #expect(fetch(10, &machine) == .offer(.none))
        refuse(&machine, rows: 10, from: 70)
        #expect(fetch(10, &machine) == .offer(OfferLimits(rowsPerTransaction: 5)))
        // The refused row is not in the first half: it is progress, and the rest of the chunk follows.
        #expect(
            machine.handle(.sealed(through: 75, all: false), seeing: .inFlight(0, settled: 75)) == .commit(through: 75))
        #expect(machine.handle(.committed, seeing: .inFlight(0, settled: 75)) == .save(through: 75))
        #expect(
            machine.handle(.saved, seeing: .inFlight(0, settled: 75)) == .offer(OfferLimits(rowsPerTransaction: 5)))
        refuse(&machine, rows: 5, from: 75)
        #expect(fetch(5, &machine) == .offer(OfferLimits(rowsPerTransaction: 2)))
        refuse(&machine, rows: 2, from: 75)
        #expect(fetch(5, &machine) == .offer(OfferLimits(rowsPerTransaction: 1)))
        refuse(&machine, rows: 1, from: 75, isFound: true)
        #expect(fetch(5, &machine) == .offer(.none))
    }

    /// Reads this many rows, the last being row 80.
    private func fetch(_ rows: Int, _ machine: inout RelayMachine) -> RelayAction {
        machine.handle(.fetched(rows: rows, lastID: 80, isLast: true), seeing: .init())
    }

    @Test func theSearchEndsWithTheLastRowItWasFor() {
        var machine = RelayMachine.transactional(leading: unfinished)
        _ = fetch(10, &machine)
        refuse(&machine, rows: 10, from: 70)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        _ = machine.handle(.sealed(through: 80, all: true), seeing: .inFlight(10))
        _ = machine.handle(.fetched(rows: 10, lastID: 95, isLast: true), seeing: .inFlight(10))
        #expect(machine.handle(.waited, seeing: .inFlight(0, settled: 80)) == .commit(through: 80))
        #expect(machine.handle(.committed, seeing: .inFlight(0, settled: 80)) == .save(through: 80))
        #expect(machine.handle(.saved, seeing: .init()) == .offer(.none))
    }

    /// A transaction of this many rows, the last being row 80, is refused; Kafka has committed the rows before it.
    private func refuse(_ machine: inout RelayMachine, rows: Int, from committed: Int64, isFound: Bool = false) {
        var failed = RelayInput.inFlight(rows)
        failed.failure = .init(kind: .row, newest: 80)
        failed.failure?.rows = rows
        failed.failure?.isFound = isFound
        #expect(machine.handle(.offered(all: false), seeing: failed) == .abandon(after: Backoff.pause(1)))
        #expect(machine.handle(.abandoned, seeing: .init()) == .recover)
        #expect(machine.handle(.recovered(through: committed), seeing: .init()) == .fetch(after: committed))
    }

    @Test func stoppingCommitsAndSavesWhatWasOffered() {
        var machine = RelayMachine.transactional(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: false), seeing: .init())
        #expect(machine.handle(.offered(all: false), seeing: .stopping(.inFlight(4))) == .wait(Drain.reportWait))
        let settled = RelayInput.stopping(.inFlight(0, settled: 74))
        #expect(machine.handle(.waited, seeing: settled) == .commit(through: 74))
        #expect(machine.handle(.committed, seeing: settled) == .save(through: 74))
        #expect(machine.handle(.saved, seeing: settled) == .stop)
    }

    @Test func stoppingFinishesACutThatIsCommitted() {
        var machine = committing()
        let settled = RelayInput.stopping(.inFlight(0, settled: 80))
        #expect(machine.handle(.committed, seeing: settled) == .advance)
        #expect(machine.handle(.foundNothing, seeing: .stopping(.init())) == .stop)
    }

    @Test func stoppingDoesNotWaitForAKafkaThatIsAway() {
        var machine = RelayMachine.transactional()
        _ = machine.handle(.led(unfinished), seeing: .init())
        #expect(machine.handle(.notRecovered, seeing: .stopping(.init())) == .stop)
    }

    /// A transaction whose rows are all acknowledged.
    private func committing() -> RelayMachine {
        var machine = RelayMachine.transactional(leading: unfinished)
        _ = machine.handle(.fetched(rows: 10, lastID: 80, isLast: true), seeing: .init())
        #expect(
            machine.handle(.sealed(through: 80, all: true), seeing: .inFlight(0, settled: 80)) == .commit(through: 80))
        return machine
    }
}

extension RelayMachine {
    static func transactional() -> RelayMachine {
        RelayMachine(sleep: SleepMachine(ceiling: .seconds(5)), guarantee: .exactlyOnce)
    }

    static func transactional(leading checkpoint: Checkpoint) -> RelayMachine {
        var machine = transactional()
        _ = machine.handle(.led(checkpoint), seeing: .init())
        _ = machine.handle(.recovered(through: checkpoint.drainedThrough), seeing: .init())
        return machine
    }
}

extension RelayInput {
    static func stopping(_ input: RelayInput) -> RelayInput {
        var input = input
        input.isStopping = true
        return input
    }
}
