import Postgres
import TestKit
import Testing

@testable import Outbox
@testable import OutboxAdoption

/// What would fail half-way, or lose rows without a word, is refused before anything is changed.
@Suite struct AdoptionRefusalTests {
    private static let columns =
        "aggregatetype text NOT NULL, aggregateid text NOT NULL, type text NOT NULL, payload jsonb"
    private static let table = "CREATE TABLE app.outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \(columns));"
    private static let row =
        "INSERT INTO app.outbox (aggregatetype, aggregateid, type) VALUES ('order', 'a', 'happened');"

    @Test func rowsThatPoliciesHideWouldBeLost() async throws {
        let outbox = try await ForeignOutbox(
            sql: Self.table + """
                ALTER TABLE app.outbox ENABLE ROW LEVEL SECURITY;
                CREATE POLICY p ON app.outbox USING (aggregateid = current_setting('app.tenant', true));
                """)
        let owner = try await outbox.owner()
        // An owner sees everything unless policies are forced on it.
        #expect(try await outbox.adopt({ _ in }, as: owner) > 0)
        try await outbox.execute("ALTER TABLE app.outbox FORCE ROW LEVEL SECURITY")
        let text = try await outbox.refusal(as: owner)
        #expect(
            text.contains("row level security applies to owner_") && text.contains("NO FORCE ROW LEVEL SECURITY"),
            "\(text)")
        // A superuser's rights do not help: the view reads with its owner's.
        #expect(try await outbox.refusal().contains("row level security"))
        try await onThread {
            let work = try PostgresConnection(
                RelayConfiguration(postgres: outbox.postgres, name: "test").workConnection)
            #expect(throws: PostgresError.self, "the relay must not read less without a word") {
                try work.query("SELECT count(*) FROM outbox_relay.source")
            }
            #expect(throws: PostgresError.self, "nor must a rebase") {
                try OutboxOperator(outbox.connect()).rebase(republishSince: "-infinity", reason: "a test")
            }
        }
    }

    @Test(arguments: [
        (
            "CREATE FUNCTION app.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''append-only''; END';"
                + "CREATE TRIGGER t BEFORE UPDATE ON app.outbox FOR EACH ROW EXECUTE FUNCTION app.no();", "append-only"
        ),
        (
            "ALTER TABLE app.outbox DROP CONSTRAINT outbox_pkey; CREATE PUBLICATION p FOR TABLE app.outbox;",
            "replica identity"
        ),
        ("CREATE RULE r AS ON UPDATE TO app.outbox DO INSTEAD NOTHING;", "UPDATE"),
    ])
    func rowsThatCannotBeUpdatedCannotBeNumbered(obstacle: String, word: String) async throws {
        let outbox = try await ForeignOutbox(sql: Self.table + Self.row + obstacle)
        let text = try await outbox.refusal {
            $0.existing = .publish
            $0.order = "ctid"
        }
        #expect(text.contains(word) && text.contains("--existing skip"), "\(text)")
        #expect(try await outbox.adopt { $0.existing = .skip } > 0)
    }

    @Test func withoutAnOrderExistingRowsAreNotPublishedInAnyOrder() async throws {
        let outbox = try await ForeignOutbox(sql: Self.table + Self.row)
        #expect(try await outbox.refusal { $0.existing = .publish }.contains("name a column with --order"))
        let missing = try await outbox.refusal {
            $0.existing = .publish
            $0.order = "nosuch"
        }
        #expect(missing.contains("--order: app.outbox has no column nosuch"))
        try await outbox.adopt {
            $0.existing = .publish
            $0.order = "ctid"
        }
        #expect(try await outbox.relays(1))
    }

    @Test func partitionedTablesAndTheirLeavesAreRefused() async throws {
        let outbox = try await ForeignOutbox(
            sql: """
                CREATE TABLE app.whole (id uuid, \(Self.columns)) PARTITION BY HASH (aggregateid);
                CREATE TABLE app.outbox PARTITION OF app.whole FOR VALUES WITH (MODULUS 1, REMAINDER 0);
                """)
        #expect(try await outbox.refusal().contains("it is a partition of another table"))
        #expect(try await outbox.refusal { $0.table = "app.whole" }.contains("it is partitioned"))
    }

    @Test func aSchemaWithOtherThingsInItIsRefused() async throws {
        let outbox = try await ForeignOutbox(
            sql: Self.table
                + "CREATE SCHEMA r; CREATE TABLE r.relay (x int); CREATE SCHEMA p; CREATE TABLE p.parked (x int);")
        for (schema, thing) in [("app", "outbox"), ("r", "relay"), ("p", "parked")] {
            let text = try await outbox.refusal { $0.schema = schema }
            #expect(text.contains("the schema \(schema) has other things in it (\(thing))"), "\(text)")
        }
        let long = try await outbox.refusal { $0.schema = String(repeating: "s", count: 64) }
        #expect(long.contains("longer than the 63 bytes"))
    }

    @Test func whatAnEarlierAdoptionLeftIsNamed() async throws {
        let outbox = try await ForeignOutbox(sql: Self.table)
        try await outbox.adopt { _ in }
        try await outbox.execute("DROP SCHEMA outbox_relay CASCADE")
        let text = try await outbox.refusal()
        let cure = try #require(
            text.firstRange(of: "ALTER TABLE app.outbox DROP COLUMN").map { String(text[$0.lowerBound...]) })
        try await outbox.execute(cure)
        #expect(try await outbox.adopt { _ in } > 0)
    }

    @Test func aRoleThatMayMakeNoIndexIsTold() async throws {
        let outbox = try await ForeignOutbox(sql: Self.table)
        let owner = try await outbox.owner()
        try await outbox.execute("ALTER SCHEMA app OWNER TO postgres; GRANT USAGE ON SCHEMA app TO PUBLIC")
        let text = try await outbox.refusal(as: owner)
        #expect(text.contains("may not make an index in its schema"), "\(text)")
    }

    /// The lock that keeps two from adopting at once would stay with whatever session the pooler lent.
    @Test func throughAPoolerOneMayLookAndNotAdopt() async throws {
        let outbox = try await ForeignOutbox(sql: Self.table)
        let (pooler, url) = try await TestPooler.start(.transaction, before: outbox.postgres.url)
        var pooled = PostgresConfiguration(url: url, applicationName: "tests")
        pooled.preparesStatements = false
        let there = pooled
        try await onThread {
            for _ in 0..<2 {
                let plan = try Adoption(PostgresConnection(there), AdoptionOptions(table: "app.outbox")).plan()
                #expect(!plan.steps.isEmpty)
            }
        }
        #expect(try await outbox.refusal(as: there).contains("a connection pooler is in between"))
        withExtendedLifetime(pooler) {}
    }

    @Test(arguments: ["a b", ".", "other.db.app.outbox", "nosuch"])
    func aNameThatIsNoneIsTraced(name: String) async throws {
        let outbox = try await ForeignOutbox(sql: Self.table)
        #expect(try await outbox.refusal { $0.table = name }.hasPrefix("--table: "))
    }
}
