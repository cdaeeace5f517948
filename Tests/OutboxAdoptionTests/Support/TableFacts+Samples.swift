@testable import Outbox
@testable import OutboxAdoption

/// Tables as the catalog tells them, and what the planner says to them.
extension TableFacts {
    static func debezium(payload: String = "jsonb", extra: [Column] = []) -> TableFacts {
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

    static func adopted(_ change: (inout TableFacts) -> Void = { _ in }) -> TableFacts {
        var facts = debezium(extra: [
            .init(
                name: "outbox_id", type: "bigint", defaultExpression: "nextval('outbox_relay.outbox_id'::regclass)",
                sequenceCache: 1,
                sequenceSchema: "outbox_relay"),
            .init(name: "transaction_id", type: "xid8", defaultExpression: "pg_current_xact_id()"),
            .init(name: "outbox_created_at", type: "timestamp with time zone", defaultExpression: "clock_timestamp()"),
        ])
        facts.indexes = [
            .init(name: "outbox_relay_outbox_id", isValid: true, columns: ["outbox_id"]),
            .init(name: "outbox_relay_transaction_id", isValid: true, columns: ["transaction_id", "outbox_id"]),
        ]
        facts.hasRows = true
        facts.hasNumbersCheck = true
        facts.wakeTrigger = .enabled
        facts.relay = .init(
            hasSchema: true, outbox: "app.outbox",
            mapping: ColumnMapper(facts, AdoptionOptions(table: "app.outbox")).mapping.text)
        change(&facts)
        return facts
    }

    func plan(_ change: (inout AdoptionOptions) -> Void = { _ in }) throws -> AdoptionPlan {
        var options = AdoptionOptions(table: "app.outbox")
        change(&options)
        return try AdoptionPlanner.plan(self, options)
    }

    /// Empty if nothing stands in the way.
    func refusal(_ change: (inout AdoptionOptions) -> Void = { _ in }) -> String {
        do {
            _ = try plan(change)
            return ""
        } catch {
            return "\(error)"
        }
    }
}
