import EventStore
import Foundation
import Orders
import Postgres
import TestKit
import Testing

/// Connections that die in the middle of a commit.
struct UnknownOutcomeTests {
    /// A store behind a proxy, on a fresh database.
    private func throughProxy(
        _ configuration: EventStoreConfiguration = Fixture.configuration(lanes: 1),
        _ body: @Sendable (Fixture, TestProxy, Session) async throws -> Void
    ) async throws {
        let url = try await TestPostgres.database()
        let (proxy, proxied) = try await TestPostgres.proxied(url)
        let direct = try await Session(PostgresConfiguration(url: url, applicationName: "observer"))
        try await Fixture.run(configuration, url: proxied, keepsHouse: false) { try await body($0, proxy, direct) }
    }

    @Test func aCommitWhoseAnswerIsLostIsAcknowledgedOnce() async throws {
        try await throughProxy { fixture, proxy, session in
            _ = try await fixture.store.place(Fixture.details)
            proxy.set(.cutInsteadOfAnswer(thenRefuse: false))
            let outcome = try await fixture.store.place(Fixture.details)
            #expect(proxy.cuts == 1)
            #expect(outcome.version == 1)
            let orders = try await session.number("SELECT count(*) FROM event")
            #expect(orders == 2)
            let there = try await session.number(
                "SELECT count(*) FROM outbox WHERE aggregate_id = '\(outcome.orderID)'")
            #expect(there == 1)
        }
    }

    /// A firewall forgets the connection between the append and the answer: nothing closes.
    @Test func aCommitWhoseAnswerIsSwallowedIsAcknowledgedOnce() async throws {
        var configuration = Fixture.configuration(lanes: 1)
        configuration.answerLimit = .milliseconds(500)
        try await throughProxy(configuration) { fixture, proxy, session in
            _ = try await fixture.store.place(Fixture.details)
            proxy.set(.swallowAnswer)
            let outcome = try await fixture.store.place(Fixture.details)
            #expect(proxy.swallows == 1)
            #expect(outcome.version == 1)
            let orders = try await session.number("SELECT count(*) FROM event")
            #expect(orders == 2)
        }
    }

    /// The append itself is swallowed: it never happened, and happens once.
    @Test(arguments: [TestProxy.Direction.toServer, .toClient, .both])
    func commandsAndReadsGoOnAfterTheirConnectionsAreForgotten(_ direction: TestProxy.Direction) async throws {
        var configuration = Fixture.configuration(lanes: 1)
        configuration.answerLimit = .milliseconds(500)
        try await throughProxy(configuration) { fixture, proxy, session in
            let first = try await fixture.store.place(Fixture.details).orderID
            _ = try await fixture.store.load(first)
            proxy.swallowExisting(direction)
            let outcome = try await fixture.store.place(Fixture.details)
            #expect(outcome.version == 1)
            // The first read learns that the connection is dead; its client may repeat it.
            var loaded: LoadedOrder?
            for _ in 0..<1000 where loaded == nil {
                loaded = try? await fixture.store.load(first)
                try await session.execute("SELECT pg_sleep(0.01)")
            }
            #expect(loaded?.version == 1)
            let orders = try await session.number("SELECT count(*) FROM event")
            #expect(orders == 2)
        }
    }

    @Test func aKeyedCommandWhoseAnswerIsLostKeepsItsKey() async throws {
        try await throughProxy { fixture, proxy, session in
            let order = try await fixture.store.place(Fixture.details).orderID
            let options = CommandOptions(idempotencyKey: IdempotencyKey("k", requestHash: [1]))
            proxy.set(.cutInsteadOfAnswer(thenRefuse: false))
            let first = try await fixture.store.place(Fixture.details, options: options)
            #expect(proxy.cuts == 1)
            let again = try await fixture.store.place(Fixture.details, options: options)
            #expect(again == CommandOutcome(orderID: first.orderID, version: 1, replayed: true))
            let events = try await session.number("SELECT count(*) FROM event WHERE aggregate_id <> '\(order)'")
            #expect(events == 1)
        }
    }

    /// While the old backend is still committing, a SELECT finds nothing. A store that relied on it would place the
    /// order twice.
    @Test func theOldBackendMayStillBeCommitting() async throws {
        try await throughProxy { fixture, proxy, session in
            // The first commit waits, before it is done, for a lock that the test holds; later ones do not.
            try await session.execute(
                """
                CREATE SEQUENCE commits;
                CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF nextval('commits') = 1 THEN PERFORM pg_advisory_xact_lock(4711); END IF;
                    RETURN NULL;
                END $$;
                CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION slow_commit();
                SELECT pg_advisory_lock(4711)
                """)
            let command = Task {
                try await fixture.store.execute(.place(Fixture.details), on: "A")
            }
            try await session.waitForBlockedStores(1)
            // The connection dies while its backend is committing.
            proxy.cutNow()
            // The repeated append waits for the old backend.
            try await session.waitForBlockedStores(2)
            let visible = try await session.number("SELECT count(*) FROM event")
            #expect(visible == 0)
            try await session.execute("SELECT pg_advisory_unlock(4711)")
            let version = try await command.value.version
            #expect(version == 1)
            let events = try await session.number("SELECT count(*) FROM event")
            let rows = try await session.number("SELECT count(*) FROM outbox")
            #expect([events, rows] == [1, 1])
            // Only the first append was committed.
            let commits = try await session.number("SELECT last_value FROM commits")
            #expect(commits == 1)
        }
    }

    @Test func anOutcomeNobodyCanTellIsReportedAsUnknown() async throws {
        var configuration = Fixture.configuration(lanes: 1)
        configuration.settleLimit = .milliseconds(300)
        try await throughProxy(configuration) { fixture, proxy, session in
            _ = try await fixture.store.place(Fixture.details)
            proxy.set(.cutInsteadOfAnswer(thenRefuse: true))
            do {
                _ = try await fixture.store.place(Fixture.details)
                Issue.record("acknowledged")
            } catch EventStoreError.outcomeUnknown {
            }
            let orders = try await session.number("SELECT count(*) FROM event")
            #expect(orders == 2)
            // No command waits while Postgres is away. The store is ready again when Postgres is back.
            proxy.set(.forward)
            _ = try await fixture.store.load("any")
            try await waitFor("the lane to reconnect") { fixture.store.isReady }
        }
    }

    /// Backends killed at random moments under load: an acknowledged order exists once, a refused one does not
    /// exist.
    @Test func killedBackendsLoseNothingAndDoubleNothing() async throws {
        try await Fixture.run { fixture in
            let killer = try await Session(fixture.postgres)
            let seed = UInt64.random(in: .min ... .max)
            var delays = SplitMix(seed: seed)
            let load = Task { await placeUntilCancelled(fixture) }
            for _ in 0..<40 {
                try await killer.execute("SELECT pg_sleep(\(Double(delays.next() % 30) / 1000))")
                try await killer.execute(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE 'store write%'
                    """)
            }
            load.cancel()
            let results = await load.value
            let there = try await fixture.sql { connection in
                let rows = try connection.query("SELECT aggregate_id FROM event WHERE sequence_number = 0")
                return try (0..<rows.count).map { try rows.string($0, 0) }
            }
            let acknowledged = Set(results.compactMap { try? $0.get() })
            let unknown = results.filter {
                if case .failure(EventStoreError.outcomeUnknown) = $0 { true } else { false }
            }
            #expect(acknowledged.subtracting(there).isEmpty, "acknowledged orders lost, seed \(seed)")
            #expect(
                Set(there).subtracting(acknowledged).count <= unknown.count, "refused orders are there, seed \(seed)")
            #expect(!acknowledged.isEmpty)
            let violations = try await fixture.violations()
            #expect(violations == 0, "seed \(seed)")
        }
    }

    private func placeUntilCancelled(_ fixture: Fixture) async -> [Result<String, any Error>] {
        await withTaskGroup(of: [Result<String, any Error>].self) { group in
            for _ in 0..<24 {
                group.addTask {
                    var results: [Result<String, any Error>] = []
                    while !Task.isCancelled {
                        // Shielded from cancellation, so that every command has an outcome.
                        let one = await Task { () -> Result<String, any Error> in
                            do { return .success(try await fixture.store.place(Fixture.details).orderID) } catch {
                                return .failure(error)
                            }
                        }.value
                        results.append(one)
                        await Task.yield()
                    }
                    return results
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }
}

/// A small generator with a seed that a failing test can print.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
