import Postgres
import TestKit
import Testing
import Values

@testable import Outbox
@testable import OutboxAdoption

/// The role that `outboxctl role` prints, on the migrated outbox with its ring of leaves: enough, and no more.
struct RoleTests {
    @Test func itPublishesParksReleasesAndTruncatesAndMayNotWriteTheOutbox() async throws {
        let outbox = try await TestOutbox()
        // Roles belong to the whole server, which other tests use too.
        let role = "relay_\(UUIDBytes.v7().description.filter { $0 != "-" })"
        try await onThread {
            let owner = try outbox.connect()
            try owner.execute(RelayRole(named: role, owner, schema: "outbox_relay").script)
        }
        var restricted = outbox.postgres
        restricted.url = restricted.url.replacing("postgres@", with: "\(role)@")
        let login = restricted
        let poison = OutboxKey(aggregateType: "order", aggregateID: "poison")
        let gate = TopicGate(closedFor: [poison])
        var configuration = outbox.configuration
        configuration.postgres = login
        configuration.retention = .milliseconds(400)
        configuration.pollCeiling = .milliseconds(20)
        configuration.parkedRetry = .milliseconds(50)
        let factory = GatedPublisherFactory(
            inner: MemoryPublisherFactory(topic: outbox.topic, behaviour: outbox.behaviour), gate: gate)
        try await withRelay(try Relay(configuration, factory: factory, logger: TestOutbox.quiet)) {
            try await onThread {
                let writer = try outbox.connect()
                try writer.insertRow("poison", 0)
                try writer.waits(for: "EXISTS (SELECT FROM outbox_relay.parked)")
                gate.open()
                try writer.waits(for: "EXISTS (SELECT FROM outbox_relay.decision WHERE action = 'release')")
                for sequence in 0..<40 as Range<Int64> {
                    try writer.insertRow("a", sequence)
                    try writer.execute("SELECT pg_sleep(0.05)")
                }
                try writer.waits(for: "(SELECT count(*) <= 20 FROM outbox)")
            }
        }
        try await onThread { try isRefused(PostgresConnection(login)) }
    }

    /// Names that would end a quotation, if it were of the usual kind.
    @Test func anyNameOfARoleWillDo() async throws {
        let outbox = try await TestOutbox()
        let role = "r$$'\"\(UUIDBytes.v7())"
        try await onThread {
            let owner = try outbox.connect()
            try owner.execute(RelayRole(named: role, owner, schema: "outbox_relay").script)
            #expect(
                try owner.query("SELECT has_schema_privilege($1, 'outbox_relay', 'USAGE')", [.text(role)]).bool(0, 0))
        }
    }

    /// Without a role half of the grants would be worse than none.
    @Test func whoMayNotMakeRolesMakesNothing() async throws {
        let outbox = try await TestOutbox()
        let role = "relay_\(UUIDBytes.v7().description.filter { $0 != "-" })"
        try await onThread {
            let owner = try outbox.connect()
            let script = try RelayRole(named: role, owner, schema: "outbox_relay").script
            try owner.execute("CREATE ROLE \(role)_owner; SET ROLE \(role)_owner")
            #expect(throws: PostgresError.self) { try owner.execute(script) }
            try owner.execute("ROLLBACK")
        }
    }

    private func isRefused(_ connection: PostgresConnection) throws {
        let values =
            "(aggregate_type, aggregate_id, sequence_number, event_type, payload) VALUES ('o', 'a', 1, 't', 'x')"
        for sql in [
            "INSERT INTO outbox \(values)", "UPDATE outbox SET payload = 'y'", "DELETE FROM outbox", "TRUNCATE outbox",
            "INSERT INTO outbox_0 (leaf, aggregate_type) VALUES (0, 'x')", "UPDATE outbox_0 SET payload = 'y'",
            "DELETE FROM outbox_0",
            "DELETE FROM outbox_relay.source", "INSERT INTO outbox_relay.source \(values)", "SELECT FROM event",
            "DELETE FROM outbox_relay.decision", "CREATE TABLE outbox_relay.mine ()",
            "INSERT INTO outbox_relay.relay DEFAULT VALUES",
        ] {
            var code = "none"
            do { try connection.execute(sql) } catch { code = error.sqlState ?? "" }
            #expect(code == "42501", "\(sql)")
        }
    }
}
