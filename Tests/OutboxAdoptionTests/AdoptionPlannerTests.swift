import Testing

@testable import Outbox
@testable import OutboxAdoption

@Suite struct AdoptionPlannerTests {
    @Test func columnsGetTheirDefaultsAfterwardsSoThatNothingIsRewritten() throws {
        let sql = try TableFacts.debezium().plan().steps[0].sql
        let added = try #require(sql.firstRange(of: "ADD COLUMN transaction_id xid8;"))
        let given = try #require(sql.firstRange(of: "ALTER COLUMN transaction_id SET DEFAULT pg_current_xact_id();"))
        #expect(added.upperBound <= given.lowerBound)
    }

    @Test func anAdoptedTableNeedsNothing() throws {
        let plan = try TableFacts.adopted().plan()
        #expect(plan.steps.isEmpty)
        #expect(plan.warnings.isEmpty)
        #expect(plan.script.contains("Nothing to do"))
    }

    @Test func rowsThatAreThereNeedAWord() throws {
        let time = TableFacts.Column(
            name: "created_at", type: "timestamp with time zone", defaultExpression: "clock_timestamp()")
        var facts = TableFacts.debezium(extra: [time])
        facts.hasRows = true
        facts.hasUnnumberedRows = true
        #expect(facts.refusal().contains("--existing publish"))
        let published = try facts.plan { $0.existing = .publish }
        #expect(published.script.contains("row_number()"))
        let skipped = try facts.plan { $0.existing = .skip }
        #expect(!skipped.script.contains("row_number()"))
        #expect(skipped.notes.contains { $0.contains("count as published") })
    }

    @Test func warnsOfWhatItCanSee() throws {
        let facts = TableFacts.adopted {
            $0.columns[5].sequenceCache = 20
            $0.rowsInserted = 9
            $0.rowsDeleted = 9
            $0.persistence = "u"
            $0.wakeTrigger = .switchedOff(name: "outbox_relay_wake")
        }
        let plan = try facts.plan()
        for word in ["CACHE 20", "9 of 9 rows were deleted", "unlogged", "outbox_relay_wake is disabled"] {
            #expect(plan.warnings.contains { $0.contains(word) }, "\(word)")
        }
        #expect(plan.steps.map(\.sql) == ["ALTER TABLE app.outbox ENABLE TRIGGER \"outbox_relay_wake\";"])
    }

    @Test func warnsOfWhatNewColumnsAndTheTriggerBreakElsewhere() throws {
        var facts = TableFacts.debezium(extra: [.init(name: "n", type: "bigint", sequenceCache: 1)])
        facts.publications = ["reports", "search"]
        facts.maxPreparedTransactions = 4
        facts.updateTriggers = ["touch"]
        facts.hasRows = true
        let plan = try facts.plan {
            $0.existing = .publish
            $0.order = "n"
        }
        for word in [
            "publication reports, search", "have outbox_id, transaction_id, outbox_created_at",
            "SET outbox_relay.wake = off",
            "fires touch",
        ] {
            #expect(plan.warnings.contains { $0.contains(word) }, "\(word)")
        }
        #expect(plan.notes.contains { $0.contains("RETURNING *") })
    }

    @Test func aHeaderThatTheRelayWritesIsNotMadeOfAColumn() throws {
        let columns = [("uid", "uuid"), ("ce_type", "text")].map { TableFacts.Column(name: $0, type: $1) }
        var facts = TableFacts.debezium(extra: columns)
        facts.columns[0].type = "bigint"
        let plan = try facts.plan { $0.columns = ["event_id": "uid"] }
        #expect(!plan.mapping.contains("header"))
        #expect(plan.notes.contains { $0.contains("--headers NAME=id gives it another") })
        let refusal = facts.refusal {
            $0.columns = ["event_id": "uid"]
            $0.headers = [("id", "id")]
        }
        #expect(refusal.contains("the relay writes the header id itself"))
    }

    @Test func aMappingIsReadBackOrNotAtAll() throws {
        let text = "event_id=id, payload=body = x, header trace=trace id"
        let stored = try #require(StoredMapping(text))
        #expect(stored.columns == [.eventID: "id", .payload: "body = x"])
        #expect(stored.headers.map(\.column) == ["trace id"])
        // A column's name with a comma cannot be told from two.
        #expect(StoredMapping("event_id=id, header a, b=a, b") == nil)
    }

    @Test func aMissingTriggerComesBack() throws {
        let plan = try TableFacts.adopted { $0.wakeTrigger = .missing }.plan()
        #expect(plan.steps.count == 1)
        #expect(plan.steps[0].sql.contains("CREATE TRIGGER \"outbox_relay_wake\" AFTER INSERT ON app.outbox"))
    }

    @Test func anIndexThatWasInterruptedIsMadeAnew() throws {
        let plan = try TableFacts.adopted { $0.indexes[0].isValid = false }.plan()
        #expect(
            plan.steps.map(\.sql) == [
                "DROP INDEX CONCURRENTLY app.\"outbox_relay_outbox_id\";",
                "CREATE INDEX CONCURRENTLY \"outbox_relay_outbox_id\" ON app.outbox (\"outbox_id\");",
            ])
    }

    @Test func tellsAllThatStandsInTheWayAtOnce() {
        var facts = TableFacts.debezium(payload: "integer")
        facts.isOwned = false
        facts.user = "intern"
        facts.owner = "app_owner"
        facts.kind = "p"
        facts.columns.removeAll { $0.name == "aggregateid" }
        facts.columns[0].type = "bigint"
        let text = facts.refusal { $0.columns = ["colour": "red", "sequence_number": "nowhere"] }
        for word in [
            "no column for aggregate_id", "event_id must be a uuid", "a payload is", "intern may not alter it",
            "app_owner",
            "partitioned", "there is no colour", "no column nowhere",
        ] {
            #expect(text.contains(word), "\(word)")
        }
    }

    @Test func aSchemaBelongsToOneOutbox() {
        let text = TableFacts.adopted {
            $0.relay.outbox = "app.other"
            $0.relay.readsTable = false
        }.refusal()
        #expect(text.contains("belongs to app.other"))
    }

    @Test func everyColumnWithoutAnotherUseIsAHeaderUnlessChosen() throws {
        let facts = TableFacts.debezium(extra: [
            .init(name: "tenant", type: "text"), .init(name: "trace id", type: "text"),
        ])
        let all = try facts.plan()
        #expect(all.mapping.hasSuffix("header tenant=tenant, header trace id=trace id"))
        let chosen = try facts.plan { $0.headers = [("traceparent", "trace id")] }
        #expect(chosen.mapping.hasSuffix("header traceparent=trace id"))
        #expect(chosen.script.contains("jsonb_build_object('traceparent', \"trace id\"::text)"))
        let none = try facts.plan { $0.headers = [] }
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
