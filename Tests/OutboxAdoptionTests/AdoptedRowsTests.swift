import Foundation
import Postgres
import TestKit
import Testing

@testable import Outbox
@testable import OutboxAdoption

/// What becomes of the rows of an adopted table: those that were there, those without numbers, those that are
/// published.
@Suite struct AdoptedRowsTests {
    /// What an interrupted adoption has added says nothing about the rows that were there.
    @Test func anInterruptedAdoptionKeepsTheOrder() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread {
            let connection = try outbox.connect()
            for version in (0..<20).reversed() {
                try connection.insertForeign("a", version)
                try connection.execute(
                    """
                    UPDATE app.outbox SET created_at = '2020-01-01'::timestamptz + version * interval '1 s'
                    WHERE version = \(version)
                    """
                )
            }
            var options = outbox.options
            options.existing = .publish
            for step in try Adoption(connection, options).plan().steps.prefix(2) { try connection.execute(step.sql) }
        }
        try await outbox.adopt(.publish)
        #expect(try await outbox.relays(20))
        #expect(outbox.arrived == ["a": (0..<20).map { Int64($0) }])
    }

    /// now() is when the transaction began; the number of the sequence is the order.
    @Test func aSequenceNumberIsBetterThanTheTimeATransactionBegan() async throws {
        let time = TableFacts.Column(name: "created_at", type: "timestamp with time zone", defaultExpression: "now()")
        var facts = TableFacts.debezium(extra: [time])
        facts.hasRows = true
        let plan = try facts.plan { $0.existing = .publish }
        #expect(plan.warnings.contains { $0.contains("created_at is the time at which a row's transaction began") })
        facts.columns.append(.init(name: "sequence_number", type: "bigint"))
        #expect(try facts.plan { $0.existing = .publish }.notes.contains { $0.hasSuffix("ordered by sequence_number") })
    }

    @Test func aRowThatNamesNullIsRefusedAndNotLost() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread { try outbox.connect().insertForeign("a", 0) }
        try await outbox.adopt(.publish)
        await #expect(throws: PostgresError.self) {
            try await outbox.execute(
                """
                INSERT INTO app.outbox (aggregatetype, aggregateid, type, version, outbox_id, transaction_id)
                VALUES ('order', 'a', 'lost', 1, NULL, NULL)
                """)
        }
        try await outbox.execute("UPDATE app.outbox SET type = 'changed'")
    }

    @Test func rowsThatWereSkippedMayBeChangedAndStaySkipped() async throws {
        let outbox = try await ForeignOutbox(extra: "version int, outbox_id bigint GENERATED ALWAYS AS IDENTITY")
        try await onThread { for version in 0..<5 { try outbox.connect().insertForeign("a", version) } }
        try await outbox.adopt(.skip)
        try await outbox.execute("UPDATE app.outbox SET type = 'changed'")
        try await onThread { try outbox.connect().insertForeign("a", 5) }
        #expect(try await outbox.relays(1))
        let rebase = try await onThread {
            try OutboxOperator(outbox.connect()).rebase(republishSince: "-infinity", reason: "a test")
        }
        #expect(rebase.republished == 1)
        #expect(rebase.leftAlone == 5)
        #expect(try await outbox.relays(2))
        #expect(outbox.arrived == ["a": [5, 5]])
    }

    /// A table without times: what was published when it was adopted was written before.
    @Test func existingRowsGetATimeThatARebaseCanTell() async throws {
        let outbox = try await ForeignOutbox(extra: "version int")
        try await onThread { for version in 0..<5 { try outbox.connect().insertForeign("a", version) } }
        try await outbox.adopt(.publish)
        let rebase = try await onThread {
            let connection = try outbox.connect()
            let now = try connection.query("SELECT clock_timestamp()::text").string(0, 0)
            try connection.insertForeign("a", 5)
            return try OutboxOperator(connection).rebase(republishSince: now, reason: "a test")
        }
        #expect(rebase.republished == 1)
    }

    /// The table and the statement as README shows them.
    @Test func theReadmesDeleteLeavesWhatIsNotPublished() async throws {
        let readme = try String(contentsOf: TestPaths.root.appending(path: "relay/README.md"), encoding: .utf8)
        let start = try #require(readme.range(of: "DELETE FROM app.outbox"))
        let end = try #require(readme[start.lowerBound...].range(of: ";"))
        let delete = String(readme[start.lowerBound..<end.lowerBound])
        let outbox = try await ForeignOutbox(
            sql: """
                CREATE TABLE app.outbox (
                    id uuid DEFAULT gen_random_uuid(), aggregatetype text, aggregateid text, type text, payload jsonb);
                INSERT INTO app.outbox (aggregatetype, aggregateid, type) VALUES ('order', 'a', 'skipped');
                """)
        try await outbox.adopt { $0.existing = .skip }
        let insert =
            """
            INSERT INTO app.outbox (aggregatetype, aggregateid, type, outbox_created_at)
            VALUES ('order', 'a', $$%$$, $$2020-01-01$$)
            """
        try await outbox.execute(insert.replacing("%", with: "published"))
        #expect(try await outbox.relays(1))
        try await outbox.execute(insert.replacing("%", with: "waiting"))
        let plan = try await onThread { try Adoption(outbox.connect(), AdoptionOptions(table: "app.outbox")).plan() }
        let bare = { (text: String) in text.filter { !$0.isWhitespace && $0 != "\"" } }
        #expect(plan.notes.contains { bare($0).hasSuffix(bare(delete)) }, "\(plan.notes)")
        try await outbox.execute(delete)
        let left = try await onThread {
            try outbox.connect().query("SELECT string_agg(type, ',') FROM app.outbox").string(0, 0)
        }
        #expect(left == "waiting")
    }
}
