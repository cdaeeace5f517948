import Postgres
import Synchronization
import TestKit
import Testing

@testable import Outbox

/// An idle relay sends one statement per poll ceiling, and those that renew its lease.
struct IdleTests {
    /// Counts the waits that the ceiling ended.
    private final class Ceilings: RelayObserver {
        let count = Mutex(0)

        func leads(_ isLeading: Bool, epoch: Int64) {}
        func tookCut(rows: Int) {}
        func acknowledged(rows: Int, latencies: [Int]) {}
        func parkedKeys(_ count: Int) {}
        func failed(_ failure: PublishFailure) {}
        func wokeUp(by cause: WakeCause) { if cause == .timer { count.withLock { $0 += 1 } } }

        /// Blocks until this many more poll ceilings have ended a wait.
        func pass(_ more: Int, _ connection: PostgresConnection) throws -> Bool {
            let enough = count.withLock { $0 } + more
            return try connection.looks { count.withLock { $0 } >= enough }
        }
    }

    @Test func sendsOneStatementPerCeiling() async throws {
        let outbox = try await TestOutbox()
        let ceilings = Ceilings()
        var configuration = outbox.configuration
        configuration.pollCeiling = .milliseconds(100)
        // A third of it is longer than the test: at most one renewal falls into it.
        configuration.lease = .seconds(600)
        let relay = try Relay(
            configuration, factory: MemoryPublisherFactory(topic: outbox.topic, behaviour: outbox.behaviour),
            observer: ceilings,
            logger: TestOutbox.quiet)
        try await withRelay(relay) {
            try await onThread {
                let observer = try outbox.connect()
                try observer.execute("CREATE EXTENSION pg_stat_statements")
                try observer.insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                try observer.waitsUntilAsleep()
                // It holds the lock, and looks once more because of that.
                #expect(try ceilings.pass(3, observer))
                try observer.execute(
                    "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()")
                let before = ceilings.count.withLock { $0 }
                #expect(try ceilings.pass(10, observer))
                let (advances, others) = try counted(observer)
                let waits = Int64(ceilings.count.withLock { $0 } - before)
                // One may be on its way at either end.
                #expect(advances <= waits + 1 && advances >= waits - 1, "\(advances) statements in \(waits) ceilings")
                #expect(others <= 1, "\(others) other statements")
            }
        }
    }

    /// The statements that look for rows, and all others, without the test's own.
    private func counted(_ connection: PostgresConnection) throws -> (Int64, Int64) {
        let rows = try connection.query(
            """
            SELECT coalesce(sum(calls) FILTER (WHERE query LIKE '%AS MATERIALIZED%'), 0)::bigint,
                   coalesce(sum(calls) FILTER (WHERE query NOT LIKE '%AS MATERIALIZED%'), 0)::bigint
            FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND query NOT LIKE '%pg_sleep%' AND query NOT LIKE '%pg_stat_statements%'
            """)
        return (try rows.int64(0, 0), try rows.int64(0, 1))
    }
}
