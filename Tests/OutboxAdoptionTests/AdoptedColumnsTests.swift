import Postgres
import TestKit
import Testing

@testable import Outbox
@testable import OutboxAdoption

/// Tables whose columns are called like those of the relay, or are of unusual types.
@Suite struct AdoptedColumnsTests {
    private static let text = "aggregatetype text NOT NULL, aggregateid text NOT NULL, type text NOT NULL"

    /// The columns, how they are mapped, what is inserted.
    @Test(arguments: [
        ("seq bigserial, id uuid, \(text), payload bytea", ["outbox_id": "seq"]),
        ("outbox_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \(text), payload jsonb", ["event_id": "outbox_id"]),
        ("id uuid, transaction_id text, outbox_created_at text, \(text), payload jsonb", [:]),
        ("id uuid, \(text), payload app.document", [:]),
        ("id uuid, outbox_id bigint DEFAULT nextval('app.down'), \(text), payload jsonb", [:]),
    ])
    func areReadAsTheyAre(columns: String, mapping: [String: String]) async throws {
        let outbox = try await ForeignOutbox(
            sql: """
                CREATE DOMAIN app.json AS jsonb; CREATE DOMAIN app.document AS app.json;
                CREATE SEQUENCE app.down INCREMENT -1;
                CREATE TABLE app.outbox (\(columns));
                """)
        try await outbox.adopt { $0.columns = mapping }
        try await outbox.execute(
            """
            INSERT INTO app.outbox (aggregatetype, aggregateid, type) VALUES ('order', 'a', 'first');
            INSERT INTO app.outbox (aggregatetype, aggregateid, type) VALUES ('order', 'a', 'second')
            """)
        #expect(try await outbox.relays(2))
        let order = try await onThread {
            let rows = try outbox.connect().query("SELECT event_type FROM outbox_relay.source ORDER BY outbox_id")
            return try (0..<rows.count).map { try rows.string($0, 0) }
        }
        #expect(order == ["first", "second"])
        #expect(try await outbox.adopt { $0.columns = mapping } == 0)
    }

    @Test func whatWasChosenHoldsUntilSomethingElseIs() async throws {
        let outbox = try await ForeignOutbox(extra: "secret text, tenant text, version int NOT NULL")
        try await outbox.adopt {
            $0.columns = ["sequence_number": "version"]
            $0.headers = [("tenant", "tenant")]
        }
        try await outbox.execute("ALTER TABLE app.outbox ADD COLUMN sequence_number bigint, ADD COLUMN later text")
        #expect(try await outbox.adopt { _ in } == 0)
        let plan = try await onThread { try Adoption(outbox.connect(), AdoptionOptions(table: "app.outbox")).plan() }
        #expect(plan.mapping.contains("sequence_number=version") && plan.mapping.hasSuffix("header tenant=tenant"))
        #expect(
            plan.notes.contains { $0.contains("not forwarded, as before: secret, sequence_number, later") },
            "\(plan.notes)")
        let changed = try await onThread {
            var options = AdoptionOptions(table: "app.outbox")
            options.hasAllHeaders = true
            return try Adoption(outbox.connect(), options).plan()
        }
        #expect(changed.steps.count == 1)
        #expect(
            changed.notes.contains { $0.contains("what is published changes: now header secret=secret") },
            "\(changed.notes)")
        #expect(try await outbox.adopt { $0.headers = [] } == 1)
    }

    @Test func aTableMayBeRenamed() async throws {
        let outbox = try await ForeignOutbox()
        try await outbox.adopt()
        try await outbox.execute("ALTER TABLE app.outbox RENAME TO messages")
        let renamed: @Sendable (inout AdoptionOptions) -> Void = { $0.table = "app.messages" }
        #expect(try await hasSize(outbox) == false)
        #expect(try await outbox.adopt(renamed) == 1)
        #expect(try await hasSize(outbox))
        // Another table of the old name is not the one that is read.
        try await outbox.execute("CREATE TABLE app.outbox (LIKE app.messages)")
        #expect(try await outbox.refusal().contains("belongs to app.messages"))
    }

    /// Whether `outbox_state` finds the table; it must not fail if it does not.
    private func hasSize(_ outbox: ForeignOutbox) async throws -> Bool {
        try await onThread {
            try !outbox.connect().query("SELECT bytes_on_disk FROM outbox_relay.outbox_state").isNull(0, 0)
        }
    }
}
