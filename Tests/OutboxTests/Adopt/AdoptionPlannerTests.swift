import Testing

@testable import Outbox

@Suite struct AdoptionPlannerTests {
    private static func debezium(payload: String = "jsonb", extra: [TableFacts.Column] = []) -> TableFacts {
        TableFacts(
            name: "app.outbox",
            columns: [
                .init(name: "id", type: "uuid", isNotNull: true),
                .init(name: "aggregatetype", type: "character varying", isNotNull: true),
                .init(name: "aggregateid", type: "character varying", isNotNull: true),
                .init(name: "type", type: "character varying", isNotNull: true),
                .init(name: "payload", type: payload),
            ] + extra)
    }

    private static func adopted(_ change: (inout TableFacts) -> Void = { _ in }) -> TableFacts {
        var facts = debezium(extra: [
            .init(name: "outbox_id", type: "bigint", defaultExpression: "nextval('outbox_relay.outbox_id'::regclass)", sequenceCache: 1),
            .init(name: "transaction_id", type: "xid8", defaultExpression: "pg_current_xact_id()"),
            .init(name: "outbox_created_at", type: "timestamp with time zone", defaultExpression: "clock_timestamp()"),
        ])
        facts.indexes = [
            .init(name: "outbox_relay_outbox_id", isValid: true, columns: ["outbox_id"]),
            .init(name: "outbox_relay_transaction_id", isValid: true, columns: ["transaction_id", "outbox_id"]),
        ]
        facts.hasRows = true
        facts.wakeTrigger = .enabled
        facts.relay = .init(
            hasSchema: true, outbox: "app.outbox", mapping: ColumnMapper(facts, AdoptionOptions(table: "app.outbox")).mapping.text)
        change(&facts)
        return facts
    }

    private func plan(_ facts: TableFacts, _ change: (inout AdoptionOptions) -> Void = { _ in }) throws -> AdoptionPlan {
        var options = AdoptionOptions(table: "app.outbox")
        change(&options)
        return try AdoptionPlanner.plan(facts, options)
    }

    private func refusal(_ facts: TableFacts, _ change: (inout AdoptionOptions) -> Void = { _ in }) -> String {
        do {
            _ = try plan(facts, change)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func columnsGetTheirDefaultsAfterwardsSoThatNothingIsRewritten() throws {
        let sql = try plan(Self.debezium()).steps[0].sql
        let added = try #require(sql.firstRange(of: "ADD COLUMN transaction_id xid8;"))
        let given = try #require(sql.firstRange(of: "ALTER COLUMN transaction_id SET DEFAULT pg_current_xact_id();"))
        #expect(added.upperBound <= given.lowerBound)
    }

    @Test func anAdoptedTableNeedsNothing() throws {
        let plan = try plan(Self.adopted())
        #expect(plan.steps.isEmpty)
        #expect(plan.warnings.isEmpty)
        #expect(plan.script.contains("Nothing to do"))
    }

    @Test func rowsThatAreThereNeedAWord() throws {
        var facts = Self.debezium()
        facts.hasRows = true
        #expect(refusal(facts).contains("--existing publish"))
        let published = try plan(facts) { $0.existing = .publish }
        #expect(published.script.contains("row_number()"))
        let skipped = try plan(facts) { $0.existing = .skip }
        #expect(!skipped.script.contains("row_number()"))
        #expect(skipped.notes.contains { $0.contains("count as published") })
    }

    @Test func warnsOfWhatItCanSee() throws {
        let facts = Self.adopted {
            $0.columns[5].sequenceCache = 20
            $0.rowsInserted = 9
            $0.rowsDeleted = 9
            $0.persistence = "u"
            $0.wakeTrigger = .switchedOff(name: "outbox_relay_wake")
        }
        let plan = try plan(facts)
        for word in ["CACHE 20", "9 of 9 rows were deleted", "unlogged", "outbox_relay_wake is disabled"] {
            #expect(plan.warnings.contains { $0.contains(word) }, "\(word)")
        }
        #expect(plan.steps.map(\.sql) == ["ALTER TABLE app.outbox ENABLE TRIGGER \"outbox_relay_wake\";"])
    }

    @Test func aMissingTriggerComesBack() throws {
        let plan = try plan(Self.adopted { $0.wakeTrigger = .missing })
        #expect(plan.steps.count == 1)
        #expect(plan.steps[0].sql.hasPrefix("CREATE TRIGGER \"outbox_relay_wake\""))
    }

    @Test func anIndexThatWasInterruptedIsMadeAnew() throws {
        let plan = try plan(Self.adopted { $0.indexes[0].isValid = false })
        #expect(
            plan.steps.map(\.sql) == [
                "DROP INDEX CONCURRENTLY app.\"outbox_relay_outbox_id\";",
                "CREATE INDEX CONCURRENTLY \"outbox_relay_outbox_id\" ON app.outbox (\"outbox_id\");",
            ])
    }

    @Test func tellsAllThatStandsInTheWayAtOnce() {
        var facts = Self.debezium(payload: "integer")
        facts.isOwned = false
        facts.user = "intern"
        facts.owner = "app_owner"
        facts.kind = "p"
        facts.columns.removeAll { $0.name == "aggregateid" }
        facts.columns[0].type = "bigint"
        let text = refusal(facts) { $0.columns = ["colour": "red", "sequence_number": "nowhere"] }
        for word in [
            "no column for aggregate_id", "event_id must be a uuid", "a payload is", "intern may not alter it", "app_owner",
            "partitioned", "there is no colour", "no column nowhere",
        ] {
            #expect(text.contains(word), "\(word)")
        }
    }

    @Test func aSchemaBelongsToOneOutbox() {
        let text = refusal(Self.adopted { $0.relay.outbox = "app.other" })
        #expect(text.contains("belongs to app.other"))
    }

    @Test func everyColumnWithoutAnotherUseIsAHeaderUnlessChosen() throws {
        let facts = Self.debezium(extra: [.init(name: "tenant", type: "text"), .init(name: "trace id", type: "text")])
        let all = try plan(facts)
        #expect(all.mapping.hasSuffix("header tenant=tenant, header trace id=trace id"))
        let chosen = try plan(facts) { $0.headers = [("traceparent", "trace id")] }
        #expect(chosen.mapping.hasSuffix("header traceparent=trace id"))
        #expect(chosen.script.contains("jsonb_build_object('traceparent', \"trace id\"::text)"))
        let none = try plan(facts) { $0.headers = [] }
        #expect(none.script.contains("NULL::jsonb AS headers"))
    }

    @Test func longSchemaNamesStayRecognizable() {
        let names = RelayNames(schema: String(repeating: "s", count: 63), outbox: "\"a.b\".\"o\"")
        #expect(names.transactionIndex.utf8.count == 63)
        #expect(names.transactionIndex.hasSuffix("_transaction_id"))
        #expect(names.beside("i") == "\"a.b\".\"i\"")
        #expect(names.lockClass > 0)
    }
}
