internal import Postgres

/// Decides what a table lacks. No I/O: the facts come in, the plan goes out.
struct AdoptionPlanner {
    private let facts: TableFacts
    private let options: AdoptionOptions
    private let mapping: SourceMapping
    private let names: RelayNames

    /// - Throws: ``OutboxError`` with everything that stands in the way.
    static func plan(_ facts: TableFacts, _ options: AdoptionOptions) throws(OutboxError) -> AdoptionPlan {
        let mapper = ColumnMapper(facts, options)
        let planner = AdoptionPlanner(
            facts: facts, options: options, mapping: mapper.mapping,
            names: RelayNames(schema: options.schema, outbox: facts.name))
        let problems = planner.obstacles() + mapper.problems
        guard problems.isEmpty else {
            throw OutboxError(.schema, "\(facts.name) cannot be adopted:\n" + problems.map { "- \($0)" }.joined(separator: "\n"))
        }
        return planner.plan()
    }

    private var isAdopted: Bool { facts.relay.outbox != nil }

    private func plan() -> AdoptionPlan {
        var plan = AdoptionPlan(table: facts.name, schema: options.schema, mapping: mapping.text)
        plan.steps = columnSteps() + indexSteps() + existingSteps() + relaySteps()
        plan.notes = notes()
        plan.warnings = warnings()
        return plan
    }

    private func obstacles() -> [String] {
        var problems: [String] = []
        if facts.serverVersion < 130_000 { problems.append("Postgres 13 or later is needed, for transaction ids that never wrap") }
        if facts.kind == "p" {
            problems.append(
                "it is partitioned; adopt the leaf that takes new rows, or copy the ring of leaves of migrations/V0002__outbox.sql")
        } else if facts.kind != "r" {
            problems.append("it is no ordinary table")
        }
        if facts.persistence == "t" { problems.append("it is a temporary table") }
        if !facts.isOwned {
            problems.append("\(facts.user) may not alter it: run adopt as \(facts.owner), or as a role that is a member of it")
        }
        if !facts.mayCreateSchema && !facts.relay.hasSchema {
            problems.append("\(facts.user) may not create the schema \(options.schema): GRANT CREATE ON DATABASE is needed")
        }
        if let other = facts.relay.outbox, other != facts.name {
            problems.append("the schema \(options.schema) belongs to \(other): give another one with --schema and set RELAY_SCHEMA to it")
        }
        if facts.hasRows && !isAdopted && options.existing == nil {
            problems.append(
                "it has rows: say --existing publish if Kafka does not have them yet, or --existing skip if it does")
        }
        return problems
    }
}

// MARK: - Steps

extension AdoptionPlanner {
    /// Columns without defaults, defaults afterwards: nothing is rewritten. The lock excludes writers for a moment, so every
    /// row is either there before, without the new values, or written after, with them.
    private func columnSteps() -> [AdoptionPlan.Step] {
        guard !mapping.additions.isEmpty else { return [] }
        let table = facts.name
        var sql = ["CREATE SCHEMA IF NOT EXISTS \(names.schema);"]
        if mapping.additions.contains(.outboxID) {
            sql += [
                "CREATE SEQUENCE IF NOT EXISTS \(names.schema).outbox_id CACHE 1 START \(OutboxLimits.firstAdoptedID);",
                "GRANT USAGE ON SEQUENCE \(names.schema).outbox_id TO PUBLIC;",
            ]
        }
        sql += mapping.additions.map { "ALTER TABLE \(table) ADD COLUMN \($0.rawValue) \($0.type);" }
        sql += mapping.additions.map { addition in
            let value =
                switch addition {
                case .outboxID: "nextval(\(PostgresConnection.quoteLiteral(names.schema + ".outbox_id")))"
                case .transactionID: "pg_current_xact_id()"
                case .createdAt: "clock_timestamp()"
                }
            return "ALTER TABLE \(table) ALTER COLUMN \(addition.rawValue) SET DEFAULT \(value);"
        }
        return [
            .init(
                title: "Columns that new rows fill in by themselves; no rewrite, a lock of milliseconds",
                sql: sql.joined(separator: "\n"), mode: .transaction)
        ]
    }

    private func indexSteps() -> [AdoptionPlan.Step] {
        let (id, transaction) = (mapping.columns[.outboxID] ?? "", mapping.columns[.transactionID] ?? "")
        return indexSteps(names.idIndex, [id]) + indexSteps(names.transactionIndex, [transaction, id])
    }

    private func indexSteps(_ name: String, _ columns: [String]) -> [AdoptionPlan.Step] {
        let isServed = facts.indexes.contains { $0.isValid && !$0.isPartial && Array($0.columns.prefix(columns.count)) == columns }
        guard !isServed else { return [] }
        var steps: [AdoptionPlan.Step] = []
        if facts.indexes.contains(where: { $0.name == name }) {
            let sql = "DROP INDEX CONCURRENTLY \(names.beside(name));"
            steps.append(.init(title: "An index whose building was interrupted", sql: sql, mode: .alone))
        }
        let list = columns.map { PostgresConnection.quoteIdentifier($0) }.joined(separator: ", ")
        let quoted = PostgresConnection.quoteIdentifier(name)
        steps.append(
            .init(
                title: "An index the relay reads by; writers go on meanwhile",
                sql: "CREATE INDEX CONCURRENTLY \(quoted) ON \(facts.name) (\(list));", mode: .alone))
        return steps
    }

    /// An empty table is asked too: a row may come before the columns do.
    private func existingSteps() -> [AdoptionPlan.Step] {
        guard !isAdopted, options.existing != .skip else { return [] }
        let id = mapping.columns[.outboxID].flatMap { facts.column($0) }
        let sql = ExistingRowsSQL(
            table: facts.name, names: names, mapping: mapping, order: order, needsIDs: id.map { !$0.isNotNull } ?? true)
        return sql.steps(hasIndex: facts.indexes.first { $0.name == names.orderIndex }?.isValid)
    }

    private var order: String? {
        if let asked = options.order { return asked }
        if !mapping.additions.contains(.outboxID) { return mapping.columns[.outboxID] }
        return mapping.additions.contains(.createdAt) ? mapping.columns[.sequenceNumber] : mapping.columns[.createdAt]
    }

    private func relaySteps() -> [AdoptionPlan.Step] {
        var steps: [AdoptionPlan.Step] = []
        let schema = RelaySchemaSQL(names: names, source: mapping.query(table: facts.name), mapping: mapping.text)
        if !isAdopted {
            steps.append(.init(title: "The relay's own schema, and the trigger that wakes it", sql: schema.all, mode: .transaction))
        } else {
            if facts.relay.mapping != mapping.text {
                steps.append(.init(title: "The columns the relay reads", sql: schema.view, mode: .transaction))
            }
            if !facts.relay.hasParkedRetry {
                steps.append(.init(title: "When a parked key is tried again", sql: schema.parkedRetry, mode: .transaction))
            }
            if facts.wakeTrigger == .missing {
                steps.append(.init(title: "The trigger that wakes the relay", sql: schema.trigger, mode: .transaction))
            }
        }
        if case .switchedOff(let name) = facts.wakeTrigger {
            let sql = "ALTER TABLE \(facts.name) ENABLE TRIGGER \(PostgresConnection.quoteIdentifier(name));"
            steps.append(.init(title: "The trigger that wakes the relay is disabled", sql: sql, mode: .transaction))
        }
        return steps
    }
}

// MARK: - Words

extension AdoptionPlanner {
    private func notes() -> [String] {
        var notes = [
            "precondition: of one aggregate, the next row is inserted after the previous one is committed, or in the same "
                + "transaction. Otherwise nobody can say which came first."
        ]
        if !isAdopted && facts.hasRows {
            notes.append(
                options.existing == .publish
                    ? "rows that are there now are published first, ordered by \(order ?? "their place in the table")"
                    : "rows that are there now count as published; rows inserted from now on are published")
        }
        if !mapping.additions.isEmpty {
            let added = mapping.additions.map(\.rawValue).joined(separator: ", ")
            notes.append("the table gets \(added): SELECT * shows them, and COPY into the table has to name its columns")
        }
        if mapping.columns[.sequenceNumber] == nil { notes.append("the table has no sequence number: the header ce_sequence is left out") }
        notes.append("rows stay in the table; delete published ones as relay/README.md shows, not earlier")
        return notes
    }

    private func warnings() -> [String] {
        var warnings: [String] = []
        if let id = mapping.columns[.outboxID].flatMap({ facts.column($0) }), let cache = id.sequenceCache, cache > 1 {
            warnings.append(
                "the sequence of \(id.name) has CACHE \(cache): sessions draw ids in another order than they insert, so an "
                    + "aggregate's events can change places. ALTER it to CACHE 1")
        }
        if facts.rowsDeleted > 0 {
            warnings.append(
                "\(facts.rowsDeleted) of \(facts.rowsInserted) rows were deleted so far: a writer that inserts and deletes in one "
                    + "transaction (as for Debezium) leaves nothing to read. Remove the DELETE before relying on the relay")
        }
        if facts.persistence == "u" {
            warnings.append("the table is unlogged: after a crash of Postgres its rows are gone, published or not")
        }
        if case .switchedOff(let name) = facts.wakeTrigger {
            warnings.append("the trigger \(name) is disabled: rows wait for the poll ceiling")
        }
        if isAdopted && facts.wakeTrigger == .missing {
            warnings.append("the trigger that wakes the relay is missing: rows wait for the poll ceiling")
        }
        return warnings
    }
}
