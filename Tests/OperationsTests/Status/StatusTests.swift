import Outbox
import Postgres
import TestKit
import Testing

@testable import Operations

/// What operators look at first.
@Suite struct StatusTests {
    @Test func anEmptyOutboxHasNothingThatWaits() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let status = try outbox.desk().status()
            #expect(status.backlog?.rows == 0)
            #expect(status.backlog?.newestId == nil)
            #expect(status.relay.leader == nil)
            #expect(status.blockers.map(\.kind) == [.noRelay])
            #expect(status.notes.isEmpty, "\(status.notes)")
            #expect(status.storage?.outbox == "public.outbox")
        }
    }

    @Test func rowsThatWaitAreCountedWithTheOldest() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let connection = try outbox.connect()
            for sequence in 0..<5 { try connection.append("order", "a", Int64(sequence)) }
            let desk = try outbox.desk()
            let first = try desk.status()
            let backlog = try #require(first.backlog)
            #expect(backlog.rows == 5 && !backlog.isEstimate)
            let ids = try connection.ids(of: "a")
            #expect(backlog.oldestId == ids.first)
            #expect(backlog.newestId == ids.last)
            #expect(try #require(backlog.oldestAgeSeconds) >= 0)
            for sequence in 5..<8 { try connection.append("order", "a", Int64(sequence)) }
            let second = try desk.status(since: first)
            let rates = try #require(second.rates)
            #expect((rates.written * rates.overSeconds).rounded() == 3)
            #expect(rates.published == 0)
            #expect(try #require(second.forecast).drainedInSeconds == nil)
        }
    }

    /// Rows of a transaction that was in progress when the last cut was taken are behind the checkpoint.
    @Test func rowsOfALateTransactionAreCounted() async throws {
        let outbox = try await OperatedOutbox()
        try await outbox.withRelay { connection in
            let writer = try outbox.connect()
            try writer.execute("BEGIN")
            try writer.append("order", "late", 0)
            try connection.append("order", "early", 0)
            try connection.waits(
                for: "pg_visible_in_snapshot(transaction_id, published) FROM outbox, outbox_relay.checkpoint")
            try connection.execute("UPDATE outbox_relay.relay SET paused_at = now()")
            try connection.waits(
                for: """
                    EXISTS (SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND application_name LIKE 'outbox-relay work, paused%')
                    """)
            try writer.execute("COMMIT")
            let status = try outbox.desk().status()
            #expect(status.backlog?.rows == 1)
            #expect(try status.backlog?.oldestId == connection.ids(of: "late").first)
            let waiting = try outbox.desk().events(Self.unpublished)
            #expect(waiting.events.map(\.aggregateId) == ["late"])
        }
    }

    private static let unpublished: EventFilter = {
        var filter = EventFilter()
        filter.state = .unpublished
        return filter
    }()

    @Test func aSessionThatDoesNotCommitIsNamed() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            var configuration = outbox.postgres
            configuration.applicationName = "the importer"
            let writer = try PostgresConnection(configuration)
            try writer.execute("BEGIN")
            try writer.append("order", "open", 0)
            let connection = try outbox.connect()
            try connection.execute(
                "SELECT pg_sleep(\(Double(OperationsLimits.openTransactionMilliseconds) / 1_000 + 0.1))")
            let blocker = try #require(try outbox.desk().status().blockers.first { $0.kind == .uncommitted })
            let session = try #require(blocker.session)
            #expect(session.pid == writer.backendPID)
            #expect(session.application == "the importer")
            #expect(session.state == "idle in transaction")
            #expect(session.query?.hasPrefix("INSERT INTO outbox") == true)
            #expect(blocker.since != nil && session.user == "postgres")
            try writer.execute("ROLLBACK")
            #expect(try !outbox.desk().status().blockers.contains { $0.kind == .uncommitted })
        }
    }

    @Test func aRelayThatWaitsForALockIsToldByWhom() async throws {
        let outbox = try await OperatedOutbox()
        try await outbox.withRelay { connection in
            try connection.append("order", "a", 0)
            try connection.waitsUntilDrained()
            let locker = try outbox.connect()
            try locker.execute("BEGIN; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            try connection.waits(
                for: """
                    EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'outbox-relay work'
                            AND datname = current_database() AND wait_event = 'relation')
                    """)
            let status = try outbox.desk().status()
            let blocker = try #require(status.blockers.first { $0.kind == .lock })
            #expect(blocker.session?.pid == locker.backendPID)
            // The questions about rows wait for the same lock, for a bounded time.
            #expect(status.backlog == nil)
            #expect(status.notes.contains { $0.hasPrefix("the rows that wait") }, "\(status.notes)")
            try locker.execute("ROLLBACK")
        }
    }

    @Test func theLeaderAndItsStandbysAreShown() async throws {
        let outbox = try await OperatedOutbox()
        let second = try outbox.relay("second")
        try await outbox.withRelay { connection in
            try connection.append("order", "a", 0)
            try connection.waitsUntilDrained()
            #expect(try outbox.desk().status().relay.standbys == 0)
        }
        async let standingBy: Void = second.run()
        defer { second.stop() }
        try await outbox.withRelay { connection in
            try connection.waits(
                for: """
                    (SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'outbox-relay lead') = 2
                    """)
            try connection.waits(for: "lease_is_valid FROM relay_state")
            let relay = try outbox.desk().status().relay
            #expect(relay.standbys == 1 && relay.leaseIsValid && relay.leader != nil)
        }
        second.stop()
        try await standingBy
    }

    /// Programs rely on the names.
    @Test func theJSONHasStableNames() async throws {
        let outbox = try await OperatedOutbox()
        let text = try await onThread { try OperatorJSON.text(outbox.desk().status()) }
        for name in ["taken_at", "backlog", "is_estimate", "lease_is_valid", "held_rows", "blockers", "no_relay"] {
            #expect(text.contains("\"\(name)\""), "\(text)")
        }
        let again = try OperatorJSON.value(OutboxStatus.self, from: text)
        #expect(try OperatorJSON.text(again) == text)
    }
}
