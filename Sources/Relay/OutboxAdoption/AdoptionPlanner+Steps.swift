import Postgres

/// The steps.
extension AdoptionPlanner {
    /// Columns without defaults, defaults afterwards: nothing is rewritten. The lock excludes writers for a moment, so
    /// every row is either there before, without the new values, or written after, with them.
    func columnSteps() -> [AdoptionPlan.Step] {
        guard !mapping.additions.isEmpty else { return [] }
        let table = facts.name
        var sql = ["CREATE SCHEMA IF NOT EXISTS \(names.schema);"]
        if mapping.additions.contains(.outboxID) {
            sql += [
                "CREATE SEQUENCE IF NOT EXISTS \(names.schema).outbox_id CACHE 1 START "
                    + "\(AdoptionLimits.firstAdoptedID);",
                "GRANT USAGE ON SEQUENCE \(names.schema).outbox_id TO PUBLIC;",
            ]
        }
        let columns = mapping.additions.map { ($0, mapping.columns[$0.source] ?? "") }
        sql += columns.map { "ALTER TABLE \(table) ADD COLUMN \($1) \($0.type);" }
        sql += columns.map { addition, name in
            let value =
                switch addition {
                case .outboxID: "nextval(\(PostgresConnection.quoteLiteral(names.schema + ".outbox_id")))"
                case .transactionID: "pg_current_xact_id()"
                case .createdAt: "clock_timestamp()"
                }
            return "ALTER TABLE \(table) ALTER COLUMN \(name) SET DEFAULT \(value);"
        }
        return [
            .init(
                title: "Columns that new rows fill in by themselves; no rewrite, a lock of milliseconds",
                sql: sql.joined(separator: "\n"), mode: .transaction)
        ]
    }

    func indexSteps() -> [AdoptionPlan.Step] {
        let (id, transaction) = (mapping.columns[.outboxID] ?? "", mapping.columns[.transactionID] ?? "")
        return indexSteps(names.idIndex, [id]) + indexSteps(names.transactionIndex, [transaction, id])
    }

    func indexSteps(_ name: String, _ columns: [String]) -> [AdoptionPlan.Step] {
        let isServed = facts.indexes.contains {
            $0.isValid && !$0.isPartial && Array($0.columns.prefix(columns.count)) == columns
        }
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
    func existingSteps() -> [AdoptionPlan.Step] {
        guard !isAdopted, options.existing != .skip else { return [] }
        let id = mapping.columns[.outboxID].flatMap { facts.column($0) }
        let sql = ExistingRowsSQL(
            table: facts.name, names: names, mapping: mapping, order: order, needsIDs: id.map { !$0.isNotNull } ?? true)
        return sql.steps(hasIndex: facts.indexes.first { $0.name == names.orderIndex }?.isValid)
    }

    /// A row without these numbers would never be published, without any sign of it. Rows that are skipped have none,
    /// and must not be checked when the application updates them.
    func checkSteps() -> [AdoptionPlan.Step] {
        let columns = [SourceColumn.outboxID, .transactionID].compactMap { mapping.columns[$0] }
        let open = columns.filter { facts.column($0)?.isNotNull != true }
        let leavesRowsOut = facts.hasUnnumberedRows && (isAdopted || options.existing == .skip)
        guard !open.isEmpty, !facts.hasNumbersCheck, !leavesRowsOut else { return [] }
        let condition = open.map { "\(PostgresConnection.quoteIdentifier($0)) IS NOT NULL" }.joined(separator: " AND ")
        let name = PostgresConnection.quoteIdentifier(names.numbersCheck)
        let sql = "ALTER TABLE \(facts.name) ADD CONSTRAINT \(name) CHECK (\(condition)) NOT VALID;"
        return [
            .init(
                title: "A new row that names NULL for these columns is refused, not lost", sql: sql, mode: .transaction)
        ]
    }

    func relaySteps() -> [AdoptionPlan.Step] {
        var steps: [AdoptionPlan.Step] = []
        let schema = RelaySchemaSQL(names: names, source: mapping.query(table: facts.name), mapping: mapping.text)
        let version = facts.relay.version
        if !isAdopted {
            steps.append(
                .init(
                    title: "The relay's own schema, and the trigger that wakes it", sql: schema.all, mode: .transaction)
            )
        } else {
            if facts.relay.outbox != facts.name {
                let sql = "UPDATE \(names.schema).relay SET outbox = \(PostgresConnection.quoteLiteral(facts.name));"
                steps.append(.init(title: "The table's new name", sql: sql, mode: .transaction))
            }
            if facts.relay.mapping != mapping.text {
                steps.append(.init(title: "The columns the relay reads", sql: schema.view, mode: .transaction))
            }
            if !version.isCurrent {
                let title = "The relay's own schema, from version \(version.version) to \(RelaySchema.newest)"
                steps.append(.init(title: title, sql: schema.upgrade(from: version), mode: .transaction))
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
