import EventStore
import Orders
import Postgres
import TestKit
import Testing

/// Postgres goes away and comes back.
struct OutageTests {
    @Test func nobodyWaitsWhilePostgresIsAway() async throws {
        let server = try await TestPostgres.start()
        let url = try await server.createDatabase()
        try await onThread {
            let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            _ = try MigrationRunner(directory: TestPaths.migrations).migrate(connection)
        }
        try await Fixture.run(url: url) { fixture in
            let before = try await fixture.store.place(Fixture.details).orderID
            try await server.stop(.immediate)
            // Some notice that the connection is gone; from then on everybody is refused at once, and nothing queues.
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

    @Test func aStoreStartsBeforePostgres() async throws {
        let server = try await TestPostgres.start()
        let url = try await server.createDatabase()
        try await onThread {
            let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            _ = try MigrationRunner(directory: TestPaths.migrations).migrate(connection)
        }
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
