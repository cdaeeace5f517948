import Postgres
import TestKit
import Testing

@testable import Outbox

/// Behind a real pgbouncer.
struct PoolerTests {
    @Test func throughATransactionPoolerRowsFlowInOrderAndOneOfTwoPublishes() async throws {
        let outbox = try await TestOutbox()
        let (pooler, url) = try await TestPooler.start(.transaction, before: outbox.postgres.url)
        try await onThread { try outbox.connect().execute("CREATE EXTENSION pg_stat_statements") }
        let told: @Sendable (inout RelayConfiguration) -> Void = {
            $0.postgres.url = url
            $0.pollInterval = .milliseconds(20)
        }
        let heir = try outbox.relay(told)
        try await withRelay(try outbox.relay(told)) {
            try await insert(outbox, 0..<50)
            async let standby: Void = heir.run()
            try await insert(outbox, 50..<60)
            #expect(heir.status.now.phase != .idle, "two relays lead")
            try await onThread {
                let observer = try outbox.connect()
                for _ in 0..<2000 where heir.status.now.leader == nil { try observer.execute("SELECT pg_sleep(0.01)") }
                #expect(heir.status.now.leader == "test", "no session leads, but one took the lease")
            }
            heir.stop()
            try await standby
        }
        // The lease was given back: the next one leads at once.
        try await withRelay(try outbox.relay(told)) { try await insert(outbox, 60..<70) }
        #expect(outbox.topic.messages.map(\.sequence) == Array(0..<70))
        #expect(Set(outbox.topic.messages.map(\.epoch)).count == 2)
        try await onThread { try keepsNothingInASession(outbox.connect()) }
        withExtendedLifetime(pooler) {}
    }

    /// pgbouncer itself sets what its clients asked for at their start.
    private func keepsNothingInASession(_ connection: PostgresConnection) throws {
        let kept = try connection.query(
            """
            SELECT query FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (query ILIKE 'listen%' OR query ILIKE 'prepare%' OR query ILIKE '%pg_advisory_lock%'
                   OR query ILIKE '%pg_try_advisory_lock%'
                   OR (query ILIKE 'set %' AND query !~* '^set (local |application_name|client_encoding|datestyle'
                                                       '|timezone|standard_conforming)'))
            """)
        let queries = try (0..<kept.count).map { try kept.string($0, 0) }
        #expect(queries == [])
    }

    @Test func aTransactionPoolerThatIsNotConfiguredIsNoticed() async throws {
        let outbox = try await TestOutbox()
        let (pooler, url) = try await TestPooler.start(.transaction, before: outbox.postgres.url)
        let relay = try outbox.relay {
            $0.postgres.url = url
            $0.pollIntervalIfPooled = .milliseconds(20)
        }
        try await withRelay(relay) {
            try await insert(outbox, 0..<10)
            #expect(relay.status.now.isPolling)
            try await onThread {
                let locks = try outbox.connect().query(
                    """
                    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM
                    pg_database WHERE datname = current_database())
                    """
                )
                #expect(try locks.int64(0, 0) == 0)
            }
        }
        #expect(outbox.topic.messages.map(\.sequence) == Array(0..<10))
        withExtendedLifetime(pooler) {}
    }

    /// There LISTEN works: with an hour between polls, only a notification can bring the row in time.
    @Test func aSessionPoolerIsNoReasonToPoll() async throws {
        let outbox = try await TestOutbox()
        let (pooler, url) = try await TestPooler.start(.session, before: outbox.postgres.url)
        let relay = try outbox.relay {
            $0.postgres.url = url
            $0.pollCeiling = .seconds(3600)
        }
        try await withRelay(relay) {
            try await onThread { try outbox.connect().waitsUntilAsleep() }
            try await insert(outbox, 0..<1)
            #expect(!relay.status.now.isPolling)
        }
        withExtendedLifetime(pooler) {}
    }

    private func insert(_ outbox: TestOutbox, _ sequences: Range<Int64>) async throws {
        try await onThread {
            let writer = try outbox.connect()
            for sequence in sequences { try writer.insertRow("a", sequence) }
            #expect(outbox.topic.wait { $0.count == Int(sequences.upperBound) })
        }
    }
}
