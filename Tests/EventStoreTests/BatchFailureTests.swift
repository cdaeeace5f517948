import EventStore
import Orders
import Postgres
import TestKit
import Testing

/// A batch that fails because of one command must not fail the other commands.
struct BatchFailureTests {
    /// Refuses orders of the customer "poison": at once, or only when the transaction commits.
    private func refusePoison(_ session: Session, deferred: Bool, sqlState: String = "23514") async throws {
        try await session.execute(
            """
            CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF position('poison'::bytea IN NEW.event_data) > 0 THEN
                    RAISE EXCEPTION 'poison' USING ERRCODE = '\(sqlState)';
                END IF;
                RETURN NEW;
            END $$;
            CREATE \(deferred ? "CONSTRAINT" : "") TRIGGER refuse_poison AFTER INSERT ON event
            \(deferred ? "DEFERRABLE INITIALLY DEFERRED" : "") FOR EACH ROW EXECUTE FUNCTION refuse_poison()
            """)
    }

    /// Many orders at once, some of them poisoned; returns how many were accepted.
    private func placeMany(_ fixture: Fixture, poisoned: Set<Int>) async throws -> [Int: Result<String, any Error>] {
        await withTaskGroup(of: (Int, Result<String, any Error>).self) { group in
            for number in 0..<60 {
                group.addTask {
                    var details = Fixture.details
                    details.customerID = poisoned.contains(number) ? "poison" : "customer \(number)"
                    do {
                        return (number, .success(try await fixture.store.place(details).orderID))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    @Test(arguments: [false, true])
    func onlyThePoisonedCommandFails(deferred: Bool) async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            try await refusePoison(Session(fixture.postgres), deferred: deferred)
            let poisoned: Set<Int> = [0, 17, 18, 59]
            let results = try await placeMany(fixture, poisoned: poisoned)
            for (number, result) in results {
                switch result {
                case .success: #expect(!poisoned.contains(number))
                case .failure(let error): #expect(poisoned.contains(number), "\(error)")
                }
            }
            let orders = try await fixture.number("SELECT count(DISTINCT aggregate_id) FROM event")
            #expect(orders == 56)
            let violations = try await fixture.violations()
            #expect(violations == 0)
        }
    }

    /// A statement returns its rows before the commit, so the rows alone do not make a command durable.
    @Test func aCommitThatFailsAtSyncIsNotAcknowledged() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            try await refusePoison(Session(fixture.postgres), deferred: true)
            var details = Fixture.details
            details.customerID = "poison"
            await #expect(throws: EventStoreError.self) { try await fixture.store.place(details) }
            let events = try await fixture.number("SELECT count(*) FROM event")
            #expect(events == 0)
        }
    }

    /// After a serialization failure, a lack of memory or a cancelled statement nothing was written, and the next
    /// attempt may succeed.
    @Test(arguments: ["40001", "53200", "57014"]) func aPassingFailureIsTriedAgain(sqlState: String) async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let session = try await Session(fixture.postgres)
            // Fails the first two times. A sequence keeps its value when the transaction is rolled back.
            try await session.execute(
                """
                CREATE SEQUENCE tries;
                CREATE FUNCTION fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF nextval('tries') <= 2 THEN RAISE EXCEPTION 'again' USING ERRCODE = '\(sqlState)'; END IF;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER fail_twice AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION fail_twice()
                """)
            let version = try await fixture.store.place(Fixture.details).version
            #expect(version == 1)
            let events = try await fixture.number("SELECT count(*) FROM event")
            #expect(events == 1)
        }
    }

    @Test func anOrderHeldByAnOpenTransactionDoesNotHoldTheOthers() async throws {
        var configuration = Fixture.configuration(lanes: 1)
        configuration.lockTimeout = .seconds(1)
        configuration.maximumAttempts = 2
        try await Fixture.run(configuration) { fixture in
            let held = try await fixture.store.place(Fixture.details).orderID
            let foreigner = try await Session(fixture.postgres)
            try await foreigner.execute("BEGIN")
            try await foreigner.append("order_cancelled", to: held, at: 1)
            let holding = Task { try await fixture.store.execute(.initiatePayment, on: held) }
            try await Session(fixture.postgres).waitForBlockedStores()
            let others = (0..<10).map { _ in Task { try await fixture.store.place(Fixture.details) } }
            for other in others { _ = try await other.value }
            await expectError(.contention(attempts: 2)) { _ = try await holding.value }
            try await foreigner.execute("ROLLBACK")
        }
    }

    /// Another session locks the table. Without a limit on the splitting, a full batch would wait for the lock 511
    /// times, one after the other.
    @Test(.timeLimit(.minutes(2))) func aLockedTableDoesNotMakeEveryCommandOfABatchWaitAlone() async throws {
        var configuration = Fixture.configuration(lanes: 1)
        configuration.lockTimeout = .seconds(1)
        configuration.splitLimit = .seconds(1)
        configuration.maximumAttempts = 2
        try await Fixture.run(configuration) { fixture in
            let foreigner = try await Session(fixture.postgres)
            let existing = try await fixture.store.place(Fixture.details).orderID
            try await foreigner.execute("BEGIN; LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
            await withTaskGroup { group in
                for _ in 0..<256 {
                    group.addTask {
                        await expectError(.contention(attempts: 2)) {
                            _ = try await fixture.store.place(Fixture.details)
                        }
                    }
                }
                group.addTask {
                    await expectError(.contention(attempts: 2)) {
                        _ = try await fixture.store.execute(.cancel(reason: "x"), on: existing)
                    }
                }
                // A read is refused as well, and says that it may be tried again.
                group.addTask {
                    await expectError(.unavailable("the table is locked")) {
                        _ = try await fixture.store.load(existing)
                    }
                }
            }
            try await foreigner.execute("COMMIT")
            let version = try await fixture.store.execute(.cancel(reason: "x"), on: existing).version
            #expect(version == 2)
            let events = try await fixture.number("SELECT count(*) FROM event")
            #expect(events == 2)
        }
    }

    /// An event that cannot be decoded fails only the requests for its own order.
    @Test func anUnreadableHistoryFailsItsOwnOrderOnly() async throws {
        try await Fixture.run(Fixture.configuration(lanes: 1)) { fixture in
            let session = try await Session(fixture.postgres)
            let (sane, broken) = (try await fixture.store.place(Fixture.details).orderID, "broken")
            try await session.append("order_placed", to: broken, at: 0)
            try await session.append("no_such_event", to: broken, at: 1)
            try await session.execute("BEGIN; LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
            // The first request of each kind waits in Postgres; the others share one query and one batch.
            let first = Task { try await fixture.store.load(sane) }
            let firstCommand = Task { try await fixture.store.place(Fixture.details) }
            try await Session(fixture.postgres).waitForBlockedStores(2)
            let reads = [sane, broken].map { id in Task { try await fixture.store.load(id) } }
            let commands = [sane, broken].map { id in
                Task { try await fixture.store.execute(.cancel(reason: "x"), on: id) }
            }
            try await waitFor("all to gather") { fixture.store.waitingReads == 2 && fixture.store.waitingCommands == 2 }
            try await session.execute("COMMIT")
            _ = (try await first.value, try await firstCommand.value)
            #expect(try await reads[0].value?.orderID == sane)
            #expect(try await commands[0].value.version == 2)
            await expectError(.internal("")) { _ = try await reads[1].value }
            await expectError(.internal("")) { _ = try await commands[1].value }
            await expectError(.internal("")) { _ = try await fixture.store.history(broken) }
        }
    }
}
