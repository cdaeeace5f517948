import Postgres
import TestKit
import Testing

@testable import Outbox

/// The synchronous standby was promoted, and a relay is still connected to the old primary.
struct SplitBrainTests {
    /// A commit on the old primary waits for a standby that has gone its own way. When an operator cancels the wait,
    /// Postgres says that the commit succeeded: the relay must not believe it.
    @Test func nothingIsPublishedThatTheStandbyDoesNotHave() async throws {
        let primary = try await TestPostgres.start()
        let outbox = try await TestOutbox(on: primary)
        let standby = try await primary.makeStandby()
        try await onThread {
            let admin = try outbox.connect()
            try admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            try admin.execute("SELECT pg_reload_conf()")
            try wait(admin, until: "EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")
        }
        try await withRelay(try outbox.relay { $0.lease = .seconds(120) }) {
            try await onThread {
                try outbox.connect().insertRow("a", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
            }
            try await standby.promote()
            try await onThread {
                let admin = try outbox.connect()
                // This writer does not wait for a standby, so its row is visible at once.
                try admin.execute("SET synchronous_commit = local")
                try admin.insertRow("a", 1)
                try wait(admin, until: "EXISTS (SELECT \(Self.waiting))")
                // Each time the wait is cancelled, the relay connects again and waits again.
                for _ in 0..<3 {
                    let waiting = try admin.query(PostgresStatement("SELECT pid \(Self.waiting)")).int32(0, 0)
                    try admin.execute("SELECT pg_cancel_backend(\(waiting))")
                    try wait(admin, until: "EXISTS (SELECT \(Self.waiting) AND pid <> \(waiting))")
                }
                #expect(outbox.topic.messages.map(\.sequence) == [0])
                try admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
                try admin.execute("SELECT pg_reload_conf()")
                #expect(outbox.topic.wait { $0.last?.sequence == 1 })
            }
        }
    }

    private static let waiting =
        "FROM pg_stat_activity WHERE application_name = 'outbox-relay work' AND wait_event = 'SyncRep'"
}

/// Waits until a condition in SQL holds.
private func wait(_ connection: PostgresConnection, until condition: String) throws {
    let statement = PostgresStatement("SELECT \(condition), pg_sleep(0.01)")
    let deadline = ContinuousClock.now + .seconds(60)
    while try !connection.query(statement).bool(0, 0) {
        guard .now < deadline else { throw TestFailure("it did not come to: \(condition)") }
    }
}
