import Postgres
import TestKit
import Testing

@testable import Outbox

/// Which cuts wait for the disk: all whose rows are not known to be on it.
struct CheckpointStoreTests {
    /// A leader's store in the middle of taking a cut, on a server whose log has no other writer.
    private struct Desk {
        let lead: LeadConnection
        let work: PostgresConnection
        let writer: PostgresConnection
        let store: CheckpointStore

        init(_ outbox: TestOutbox, flushesLater: Bool) throws {
            lead = try LeadConnection(outbox.configuration)
            #expect(try lead.tryToLead())
            work = try outbox.connect()
            writer = try outbox.connect()
            store = try CheckpointStore(
                work, statements: CheckpointStatements(schema: "outbox_relay"), epoch: lead.epoch,
                flushesLater: flushesLater)
        }

        func write(_ rows: Int, waitingForTheDisk: Bool = true) throws {
            try writer.execute(
                """
                SET synchronous_commit = \(waitingForTheDisk ? "on" : "off");
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'order', 'a', n, 'happened', 'x' FROM generate_series(1, \(rows)) AS n
                """)
        }

        /// Whether the commit of the next cut waits for the disk, and whether earlier writes are on it already.
        func cut() throws -> (isDurable: Bool, isOnDisk: Bool) {
            let end = try writer.query("SELECT pg_current_wal_insert_lsn()::text").string(0, 0)
            try work.execute("BEGIN")
            #expect(try store.advance(holding: HeldBatch()).rows > 0)
            let seen = try work.query(
                "SELECT current_setting('synchronous_commit') = 'on', pg_current_wal_flush_lsn() >= $1::pg_lsn",
                [.literal(end)])
            try work.execute("COMMIT")
            return (try seen.bool(0, 0), try seen.bool(0, 1))
        }
    }

    @Test func onlyRowsOnTheDiskArePublishedWithoutWaitingForIt() async throws {
        let outbox = try await TestOutbox(on: TestPostgres.start())
        try await onThread {
            let desk = try Desk(outbox, flushesLater: true)
            // The server's own background flushes now and then, so a single try proves nothing.
            var durable = 0
            var later = 0
            for _ in 0..<20 {
                try desk.write(1)
                let afterTheDisk = try desk.cut()
                #expect(afterTheDisk.isDurable || afterTheDisk.isOnDisk)
                later += afterTheDisk.isDurable ? 0 : 1
                try desk.write(1, waitingForTheDisk: false)
                let before = try desk.cut()
                #expect(before.isDurable || before.isOnDisk)
                durable += before.isDurable ? 1 : 0
            }
            #expect(later > 0)
            #expect(durable > 0)
        }
    }

    @Test func aBoundOfRowsIsPublishedWithoutWaiting() async throws {
        let outbox = try await TestOutbox(on: TestPostgres.start())
        try await onThread {
            let desk = try Desk(outbox, flushesLater: true)
            let rows = OutboxLimits.rowsFlushedLater / 5
            for round in 0..<3 {
                var later = 0
                for _ in 0..<5 {
                    try desk.write(rows)
                    later += try desk.cut().isDurable ? 0 : 1
                }
                #expect(later > 0, "round \(round)")
                try desk.write(1)
                #expect(try desk.cut().isDurable, "round \(round)")
            }
            try desk.write(OutboxLimits.rowsFlushedLater + 1)
            #expect(try desk.cut().isDurable)
        }
    }

    @Test func whereStandbysCountEveryCutWaits() async throws {
        let outbox = try await TestOutbox(on: TestPostgres.start())
        try await onThread {
            let desk = try Desk(outbox, flushesLater: true)
            // No standby is waited for, but the rows could have waited for one.
            try desk.writer.execute("ALTER SYSTEM SET synchronous_standby_names = 'elsewhere'")
            try desk.work.execute("SET synchronous_commit = local")
            try desk.writer.execute("SELECT pg_reload_conf()")
            for _ in 0..<500
            where try desk.work.query("SELECT current_setting('synchronous_standby_names')").string(0, 0).isEmpty {
                try desk.work.execute("SELECT pg_sleep(0.01)")
            }
            for _ in 0..<5 {
                try desk.writer.execute(
                    """
                    SET synchronous_commit = local;
                    INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                    VALUES ('order', 'a', 1, 'happened', 'x')
                    """)
                try desk.work.execute("BEGIN")
                #expect(try desk.store.advance(holding: HeldBatch()).rows > 0)
                #expect(try desk.work.query("SELECT current_setting('synchronous_commit')").string(0, 0) == "on")
                try desk.work.execute("SET LOCAL synchronous_commit = local; COMMIT")
            }
        }
    }

    @Test func whereKafkaKeepsTheRecordEveryCutWaits() async throws {
        let outbox = try await TestOutbox(on: TestPostgres.start())
        try await onThread {
            let desk = try Desk(outbox, flushesLater: false)
            for _ in 0..<10 {
                try desk.write(1)
                #expect(try desk.cut().isDurable)
            }
        }
    }
}
