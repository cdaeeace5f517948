import Admin
import Logging
import Operations
import Postgres
import Synchronization
import Testing

@testable import Console

/// One status serves all pages, and without a page none is taken.
@Suite struct StatusFeedTests {
    @Test func nobodyIsAskedWhileNobodyListens() async throws {
        let taken = Mutex(0)
        let feed = try Self.feed { _ in
            taken.withLock { $0 += 1 }
            return try Self.status()
        }
        let running = Task { await feed.run() }
        // Whoever asks for the status gets one, and no further ones are taken because of that.
        _ = try await feed.status()
        #expect(await feed.health().isOK)
        #expect(taken.withLock { $0 } == 1)
        // A hundred pages that come together, and each waits for a status.
        var pages: [StatusFeed.Listener] = []
        for _ in 0..<100 { pages.append(try await feed.listen()) }
        for page in pages { for await _ in page.prefix(1) {} }
        #expect((2..<10).contains(taken.withLock { $0 }))
        running.cancel()
        await running.value
    }

    private static func feed(
        _ take: @escaping @Sendable (OutboxStatus?) async throws -> OutboxStatus
    ) throws -> StatusFeed {
        let address = ListenAddress(host: "127.0.0.1", port: 0, portVariable: "CONSOLE_PORT")
        let postgres = PostgresConfiguration(url: "postgresql:///", applicationName: "test")
        let configuration = ConsoleConfiguration(address: address, postgres: postgres)
        return StatusFeed(take, try Surroundings(configuration), logger: Logger(label: "test"))
    }

    private static func status() throws -> OutboxStatus {
        try OperatorJSON.value(
            OutboxStatus.self,
            from: """
                {"taken_at": "2026-01-01T00:00:00.000000Z", "blockers": [], "consumers": [], "services": [], "work": [],
                 "notes": [], "parked": {"keys": 0, "held_rows": 0, "is_estimate": false, "releasing": 0},
                 "relay": {"epoch": 1, "lease_is_valid": true, "is_asleep": true, "standbys": 0, "cut": 1,
                           "is_draining": false, "drained_through": 0, "moved_at": "2026-01-01T00:00:00.000000Z"}}
                """)
    }
}
