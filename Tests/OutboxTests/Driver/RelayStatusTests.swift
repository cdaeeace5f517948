import Postgres
import TestKit
import Testing
import Values

@testable import Outbox

/// What the health endpoints and the gauges are fed with.
struct RelayStatusTests {
    @Test func waitingRowsAreCountedExactlyWhileTheyAreFewAndEstimatedBeyond() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let connection = try outbox.connect()
            let counter = BacklogCounter(connection, schema: "outbox_relay")
            let published = try snapshot(connection)
            try insert(20, connection)
            let draining = try snapshot(connection)
            // Written after the cut was taken: they wait too.
            try insert(5, connection)
            let first = try connection.query("SELECT min(outbox_id) FROM outbox").int64(0, 0)
            #expect(try counter.count(published: published, draining: draining, settledThrough: 0) == 25)
            #expect(try counter.count(published: published, draining: draining, settledThrough: first + 7) == 17)
            let many = OutboxLimits.rowsOfBacklogCounted + 2_000
            try insert(many, connection)
            let backlog = try snapshot(connection)
            #expect(try counter.count(published: published, draining: backlog, settledThrough: 0) == many + 25)
            let settled = first + Int64(many)
            #expect(try counter.count(published: published, draining: backlog, settledThrough: settled) == 24)
        }
    }

    private func snapshot(_ connection: PostgresConnection) throws -> Snapshot {
        try #require(Snapshot(try connection.query("SELECT pg_current_snapshot()::text").string(0, 0)))
    }

    private func insert(_ rows: Int, _ connection: PostgresConnection) throws {
        try connection.execute(
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            SELECT 'order', 'a', n, 'happened', 'x' FROM generate_series(1, \(rows)) AS n
            """)
    }

    @Test func aSessionThatBlocksTheRelayIsNamed() async throws {
        let outbox = try await TestOutbox()
        let relay = try outbox.relay {
            $0.lease = .seconds(1)
            $0.pollCeiling = .milliseconds(50)
        }
        try await withRelay(relay) {
            try await onThread {
                let holder = try outbox.connect()
                let observer = try outbox.connect()
                try holder.insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                try holder.execute("BEGIN; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
                let backend = try holder.query("SELECT pg_backend_pid()").int32(0, 0)
                #expect(
                    try observer.looks {
                        relay.status.now.blocker?.contains("backend \(backend) of postgres, tests") == true
                    })
                try holder.execute("COMMIT")
                try holder.insertRow("a", 1)
                #expect(outbox.topic.wait { $0.count == 2 })
                #expect(try observer.looks { relay.status.now.blocker == nil })
            }
        }
    }

    /// A role without privileges cannot see since when a transaction of another role is open.
    @Test func ofASessionOfAnotherRoleOnlyWhatIsKnownIsTold() async throws {
        let outbox = try await TestOutbox()
        let role = "watcher_\(UUIDBytes.v7().description.filter { $0 != "-" })"
        var login = outbox.postgres
        login.url = login.url.replacing("postgres@", with: "\(role)@")
        let configuration = login
        try await onThread {
            let holder = try outbox.connect()
            let waiting = try outbox.connect()
            try holder.execute("CREATE ROLE \(role) LOGIN")
            try holder.execute("BEGIN; SELECT pg_current_xact_id(); SELECT pg_advisory_lock(1, 2)")
            _ = try waiting.start("SELECT pg_advisory_lock(1, 2)")
            let watcher = try PostgresConnection(configuration)
            let blockers = LeadStatements(schema: "outbox_relay").blockers
            var told: String?
            #expect(
                try watcher.looks {
                    told = try? watcher.query(blockers, [.int4(waiting.backendPID)]).optionalString(0, 0)
                    return told != nil
                })
            #expect(
                told?.hasPrefix("backend \(holder.backendPID) of postgres, tests, transaction ") == true,
                "\(told ?? "")")
            #expect(told?.contains("open for") == false, "\(told ?? "")")
            try holder.execute("ROLLBACK; SELECT pg_advisory_unlock_all()")
        }
    }

    /// The lock is held for longer than the relay waits when it is asked to stop.
    @Test func aStatementThatWaitsForALockIsCancelledWhenTheTimeToStopIsOver() async throws {
        let outbox = try await TestOutbox()
        let relay = try outbox.relay { $0.lease = .seconds(1) }
        let holder = try await onThread { try Holder(outbox.connect()) }
        try await withRelay(relay) {
            try await onThread {
                try holder.connection.waitsUntilAsleep()
                try holder.connection.execute("BEGIN; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
                let writer = try outbox.connect()
                try writer.execute("SELECT pg_notify('outbox_relay', '')")
                #expect(try writer.looks { relay.status.now.blocker != nil })
            }
        }
        #expect(relay.status.now.trouble?.contains("57014") == true, "\(relay.status.now)")
        try await onThread { try holder.connection.execute("ROLLBACK") }
    }

    /// Keeps a connection from one thread to the next. `@unchecked`: one at a time uses it.
    private final class Holder: @unchecked Sendable {
        let connection: PostgresConnection

        init(_ connection: PostgresConnection) { self.connection = connection }
    }

    @Test func aStandbySaysWhoLeads() async throws {
        let outbox = try await TestOutbox()
        let standby = try outbox.relay()
        try await withRelay(try outbox.relay()) {
            try await onThread {
                try outbox.connect().insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
            }
            try await withRelay(standby) {
                try await onThread {
                    let observer = try outbox.connect()
                    #expect(try observer.looks { standby.status.now.phase == .standby })
                    let leader = try observer.query(
                        """
                        SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name =
                        'outbox-relay lead' ORDER BY backend_start LIMIT 1
                        """
                    ).int32(0, 0)
                    #expect(standby.status.now.leader == "backend \(leader) at 127.0.0.1")
                }
            }
        }
    }

    @Test func heldRowsAreCountedWithoutAskingForThem() async throws {
        var outbox = try await TestOutbox()
        outbox.behaviour.tooLarge = [OutboxKey(aggregateType: "order", aggregateID: "poison")]
        let parking = outbox
        let relay = try parking.relay()
        try await withRelay(relay) {
            try await onThread {
                let writer = try parking.connect()
                for sequence in 0..<3 as Range<Int64> { try writer.insertRow("poison", sequence) }
                #expect(try writer.looks { relay.status.now.heldRows == 3 })
                #expect(relay.status.now.parkedKeys == 1)
            }
        }
        outbox.behaviour = .init()
        let cured = outbox
        let next = try cured.relay()
        try await withRelay(next) {
            try await onThread {
                let desk = ParkedDesk(try cured.connect())
                #expect(try desk.connection.looks { next.status.now.heldRows == 3 })
                _ = try desk.release(OutboxKey(aggregateType: "order", aggregateID: "poison"), reason: "test")
                #expect(cured.topic.wait { $0.count == 3 })
                #expect(try desk.connection.looks { next.status.now.heldRows == 0 && next.status.now.parkedKeys == 0 })
            }
        }
    }

    /// Rows that Kafka has not acknowledged wait since they were written, however often one looks.
    @Test func theOldestRowThatWaitsIsKnown() async throws {
        let outbox = try await TestOutbox()
        let relay = try Relay(outbox.configuration, factory: SilentPublisherFactory(), logger: TestOutbox.quiet)
        try await withRelay(relay) {
            try await onThread {
                let writer = try outbox.connect()
                try writer.insertRow("a", 0)
                #expect(try writer.looks { relay.status.now.oldestUnpublished != nil })
                let written = try writer.query("SELECT (extract(epoch FROM created_at) * 1000000)::bigint FROM outbox")
                    .int64(0, 0)
                #expect(relay.status.now.oldestUnpublished == written)
                #expect(relay.status.now.unpublishedRows == 1)
                #expect(relay.status.now.phase == .draining)
            }
        }
    }

    /// With nothing to publish, what went wrong before must not be told for ever.
    @Test func anIdleRelayThatIsBackHasNoTrouble() async throws {
        let outbox = try await TestOutbox()
        let relay = try outbox.relay()
        try await withRelay(relay) {
            try await onThread {
                let observer = try outbox.connect()
                try observer.waitsUntilAsleep()
                for application in ["work", "lead"] {
                    let session =
                        "FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
                        + "'outbox-relay \(application)'"
                    let pid = try observer.query(PostgresStatement("SELECT pid \(session)")).int32(0, 0)
                    try observer.execute("SELECT pg_terminate_backend(\(pid))")
                    try observer.waits(for: "EXISTS (SELECT \(session) AND pid <> \(pid))")
                    let isBack = try observer.looks {
                        relay.status.now.phase == .idle && relay.status.now.trouble == nil
                    }
                    #expect(isBack, "\(application): \(relay.status.now)")
                    try observer.waitsUntilAsleep()
                }
            }
        }
    }
}
