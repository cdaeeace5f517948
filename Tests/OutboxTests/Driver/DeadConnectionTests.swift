import Postgres
import TestKit
import Testing

@testable import Outbox

/// A relay whose connections to Postgres stay open and are dead, while new ones work.
///
/// The lease, and the wait for a notification, are longer than the tests: only what notices dead connections can help.
struct DeadConnectionTests {
    private static func far(_ configuration: inout RelayConfiguration, _ url: String) {
        configuration.postgres.url = url
        configuration.postgres.connectTimeout = .milliseconds(500)
        configuration.lease = .seconds(600)
        configuration.pollCeiling = .seconds(3600)
    }

    @Test(arguments: [TestProxy.Direction.toServer, .toClient, .both])
    func anIdleRelayNoticesThatItsConnectionsAreDead(_ direction: TestProxy.Direction) async throws {
        let outbox = try await TestOutbox()
        let (proxy, url) = try await TestPostgres.proxied(outbox.postgres.url)
        try await withRelay(try outbox.relay { Self.far(&$0, url) }) {
            try await onThread {
                let writer = try outbox.connect()
                try writer.insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                try writer.waitsUntilAsleep()
                proxy.swallowExisting(direction)
                try writer.insertRow("a", 1)
                #expect(outbox.topic.wait { $0.contains { $0.sequence == 1 } })
            }
        }
    }

    @Test func underLoadPublishingGoesOnWithoutWaitingForTheLease() async throws {
        let outbox = try await TestOutbox()
        let (proxy, url) = try await TestPostgres.proxied(outbox.postgres.url)
        let relay = try outbox.relay { Self.far(&$0, url) }
        try await withRelay(relay) {
            try await onThread {
                let writer = try outbox.connect()
                for sequence in 0..<200 as Range<Int64> {
                    try writer.insertRow("a", sequence)
                    if sequence == 100 {
                        #expect(outbox.topic.wait { $0.contains { $0.sequence == 50 } })
                        proxy.swallowExisting()
                    }
                }
                #expect(try writer.looks { relay.status.now.late != nil })
                #expect(outbox.topic.wait { $0.contains { $0.sequence == 199 } })
                #expect(try writer.looks { relay.status.now.late == nil })
            }
        }
        try expectOrder(outbox, 200)
    }

    /// The other connection lives: the relay goes on leading, and ends the backend that it left behind.
    @Test func aReadThatStopsInTheMiddleOfACutIsMadeAgain() async throws {
        let outbox = try await TestOutbox()
        let (proxy, url) = try await TestPostgres.proxied(outbox.postgres.url)
        let rows: Int64 = 30_000
        try await withRelay(try outbox.relay { Self.far(&$0, url) }) {
            try await onThread {
                let writer = try outbox.connect()
                try writer.insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                try writer.waitsUntilAsleep()
                proxy.swallowAfter(bytes: 2_000_000)
                try writer.execute(
                    """
                    INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                    SELECT 'order', 'a', n, 'happened', convert_to(repeat('x', 100), 'UTF8')
                    FROM generate_series(1, \(rows)) AS n
                    """)
                #expect(outbox.topic.wait { $0.contains { $0.sequence == rows } })
                #expect(proxy.swallows == 1)
                try writer.waits(
                    for: """
                        count(*) = 1 FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name = 'outbox-relay work'
                        """)
            }
        }
        #expect(Set(outbox.topic.messages.map(\.epoch)).count == 1)
        try expectOrder(outbox, Int(rows) + 1)
    }

    @Test func aNetworkThatIsGoneForAWhileIsWaitedFor() async throws {
        let outbox = try await TestOutbox()
        let (proxy, url) = try await TestPostgres.proxied(outbox.postgres.url)
        let relay = try outbox.relay { Self.far(&$0, url) }
        try await withRelay(relay) {
            try await onThread {
                let writer = try outbox.connect()
                try writer.insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                proxy.swallowNew(.both)
                proxy.swallowExisting()
                try writer.insertRow("a", 1)
                #expect(try writer.looks { relay.status.now.trouble?.contains("no connection") == true })
                proxy.swallowNew([])
                #expect(outbox.topic.wait { $0.contains { $0.sequence == 1 } })
            }
        }
    }

    /// First occurrences are gapless and in order; the rows around the failure may come twice.
    private func expectOrder(_ outbox: TestOutbox, _ count: Int) throws {
        var seen = Set<Int64>()
        let first = outbox.topic.messages.map(\.sequence).filter { seen.insert($0).inserted }
        #expect(first == (0..<count).map { Int64($0) })
    }
}

/// What another connection sees of a backend decides whether its client waits in vain.
struct BackendTests {
    @Test func aBackendThatWaitsForItsClientIsSilentAndABusyOneIsNot() async throws {
        let configuration = try await TestPostgres.configuration()
        try await onThread {
            let observer = try PostgresConnection(configuration)
            let connection = try PostgresConnection(configuration)
            let backend = try PostgresBackend.own(connection)
            #expect(try backend.isSilent(observer))
            // It waits for a lock, and not while it is prepared.
            let count: PostgresStatement = "SELECT count(*) FROM outbox"
            try connection.query(count)
            try observer.execute("BEGIN; LOCK TABLE outbox")
            let blocked = try connection.start(count)
            try PostgresConnection(configuration).waits(
                for: "wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = \(backend.pid)")
            #expect(try !backend.isSilent(observer))
            try observer.execute("COMMIT")
            _ = try connection.result(of: blocked)
            // Nobody takes its rows.
            let unread = try connection.start("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")
            #expect(try observer.looks { try backend.isSilent(observer) })
            _ = unread
            try backend.end(observer)
            #expect(try observer.looks { try backend.isSilent(observer) })
            #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
        }
    }

    /// Numbers of processes are used again.
    @Test func onlyTheBackendThatIsMeantIsEnded() async throws {
        let configuration = try await TestPostgres.configuration()
        try await onThread {
            let observer = try PostgresConnection(configuration)
            let connection = try PostgresConnection(configuration)
            let stranger = PostgresBackend(pid: try PostgresBackend.own(connection).pid, startedAt: 0)
            try stranger.end(observer)
            #expect(try connection.query("SELECT 1::int8").int64(0, 0) == 1)
            let own = try PostgresBackend.own(observer)
            try own.end(observer)
            #expect(observer.isUsable)
        }
    }
}
