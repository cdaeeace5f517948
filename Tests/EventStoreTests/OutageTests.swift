import EventStore
import Orders
import Postgres
import Synchronization
import TestKit
import Testing

/// Postgres goes away and comes back.
struct OutageTests {
    /// A Postgres of its own that a test can crash and freeze, with a migrated database.
    private static func ownServer() async throws -> (TestPostgres, String) {
        let server = try await TestPostgres.start()
        let url = try await server.createDatabase()
        try await onThread {
            let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            _ = try MigrationRunner(directory: TestPaths.migrations).migrate(connection)
        }
        return (server, url)
    }

    @Test func nobodyWaitsWhilePostgresIsAway() async throws {
        let (server, url) = try await Self.ownServer()
        try await Fixture.run(url: url) { fixture in
            let before = try await fixture.store.place(Fixture.details).orderID
            try await server.stop(.immediate)
            // Some requests find the connection lost. From then on all requests are refused at once, and none waits.
            for _ in 0..<50 {
                let refusal = await refusal { _ = try await fixture.store.place(Fixture.details) }
                #expect(refusal == "unavailable" || refusal == "outcomeUnknown")
            }
            #expect(fixture.store.waitingCommands == 0)
            #expect(await refusal { try await fixture.store.probe() } == "unavailable")
            #expect(await refusal { _ = try await fixture.store.load(before) } == "unavailable")
            try await server.restart()
            try await waitFor("the store to come back") { fixture.store.isReady }
            let placed = try await fixture.store.execute(.cancel(reason: "x"), on: before).version
            #expect(placed == 2)
            let loaded = try await fixture.store.load(before)
            #expect(loaded?.version == 2)
        }
    }

    /// The commit waits for a synchronous standby that is away. When an operator cancels the wait, Postgres says that
    /// the commit succeeded, and the next append finds the events: neither may be taken for an acknowledgement.
    @Test func aCancelledWaitForTheStandbyIsNoAcknowledgement() async throws {
        let (server, url) = try await Self.ownServer()
        try await Fixture.run(Fixture.configuration(lanes: 1), url: url, keepsHouse: false) { fixture in
            _ = try await fixture.store.place(Fixture.details)
            let admin = try await Session(PostgresConfiguration(url: url, applicationName: "admin"))
            try await admin.execute("SET synchronous_commit = local")
            try await admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'away'")
            try await admin.execute("SELECT pg_reload_conf()")
            let acknowledged = Mutex<Int64>(1)
            // Many orders, because the server takes a moment to make commits wait.
            let placing = Task {
                while !Task.isCancelled {
                    _ = try await fixture.store.place(Fixture.details)
                    acknowledged.withLock { $0 += 1 }
                }
            }
            var waiting: Int64 = 0
            var before: Int64 = 0
            for cancelled in 0..<3 {
                let query = """
                    FROM pg_stat_activity
                    WHERE application_name LIKE 'store%' AND wait_event = 'SyncRep' AND pid <> \(waiting)
                    """
                try await admin.wait("a commit to wait for the standby", "SELECT count(*) \(query)") { $0 == 1 }
                if cancelled == 0 { before = acknowledged.withLock { $0 } }
                waiting = try await admin.number("SELECT pid::bigint \(query)")
                try await admin.execute("SELECT pg_cancel_backend(\(waiting))")
            }
            #expect(acknowledged.withLock { $0 } == before)
            placing.cancel()
            try await admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            try await admin.execute("SELECT pg_reload_conf()")
            try await placing.value
            let events = try await admin.number("SELECT count(*) FROM event")
            #expect(events == acknowledged.withLock { $0 })
        }
        try await server.stop(.immediate)
    }

    @Test func aStoreStartsBeforePostgres() async throws {
        let (server, url) = try await Self.ownServer()
        try await server.stop(.fast)
        try await Fixture.run(url: url) { fixture in
            #expect(!fixture.store.isReady)
            try await server.restart()
            try await waitFor("the store to connect") { fixture.store.isReady }
            try await fixture.store.probe()
            let version = try await fixture.store.place(Fixture.details).version
            #expect(version == 1)
        }
    }

    /// Connections stay open without an answer: waiting requests are refused within the answer limit, later ones at
    /// once. The batch in flight is settled with the same events when Postgres continues.
    @Test(.timeLimit(.minutes(3))) func aPostgresThatHangsKeepsNobodyWaiting() async throws {
        let (server, url) = try await Self.ownServer()
        var configuration = Fixture.configuration(lanes: 1)
        configuration.answerLimit = .seconds(1)
        configuration.settleLimit = .seconds(120)
        // So that most of the calls below wait for the batch in flight.
        let batch = 10
        configuration.maximumCommandsPerBatch = batch
        try await Fixture.run(configuration, url: url) { fixture in
            let before = try await fixture.store.place(Fixture.details).orderID
            try await server.freeze()
            let (refusals, told) = AsyncStream.makeStream(of: Void.self)
            let calls = (0..<40).map { _ in
                Task { () -> String in
                    var order = ""
                    let refused = await refusal { order = try await fixture.store.place(Fixture.details).orderID }
                    if refused == "unavailable" { told.yield() }
                    return refused == "none" ? order : refused
                }
            }
            // All but the batch in flight. A lane that is down is not enough: it may be the read lane.
            var refused = refusals.makeAsyncIterator()
            for _ in 0..<(40 - batch) { await refused.next() }
            // From here on every request is refused at once, because a frozen Postgres cannot answer.
            for _ in 0..<50 {
                #expect(await refusal { _ = try await fixture.store.place(Fixture.details) } == "unavailable")
            }
            #expect(await refusal { try await fixture.store.probe() } == "unavailable")
            #expect(await refusal { _ = try await fixture.store.load(before) } == "unavailable")
            #expect(await refusal { _ = try await fixture.store.history(before) } == "unavailable")
            #expect(fixture.store.waitingCommands == 0)
            #expect(fixture.store.waitingReads == 0)
            try await server.thaw()
            var answers: [String] = []
            for call in calls { answers.append(await call.value) }
            let acknowledged = answers.filter { $0 != "unavailable" }
            #expect(!acknowledged.isEmpty && acknowledged.count < calls.count, "\(answers)")
            try await waitFor("the store to come back") { fixture.store.isReady }
            let version = try await fixture.store.execute(.cancel(reason: "x"), on: before).version
            #expect(version == 2)
            let there = try await fixture.sql { connection in
                let rows = try connection.query("SELECT aggregate_id FROM event WHERE sequence_number = 0")
                return try (0..<rows.count).map { try rows.string($0, 0) }
            }
            #expect(Set(there) == Set(acknowledged + [before]))
            #expect(try await fixture.violations() == 0)
        }
    }

    private func refusal(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "none"
        } catch EventStoreError.unavailable {
            return "unavailable"
        } catch EventStoreError.outcomeUnknown {
            return "outcomeUnknown"
        } catch {
            return "\(error)"
        }
    }
}
