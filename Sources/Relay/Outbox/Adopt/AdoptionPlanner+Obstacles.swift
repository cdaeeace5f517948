import Postgres

/// What stands in the way, and what to do about it.
extension AdoptionPlanner {
    func obstacles() -> [String] { tableObstacles() + rightsObstacles() + schemaObstacles() + existingObstacles() }

    private func tableObstacles() -> [String] {
        var problems: [String] = []
        if facts.serverVersion < 130_000 {
            problems.append("Postgres 13 or later is needed, for transaction ids that never wrap")
        }
        if facts.kind == "p" || facts.isPartition {
            problems.append(
                "it is \(facts.kind == "p" ? "partitioned" : "a partition of another table"), and adopt takes ordinary tables only, neither a "
                    + "partitioned one nor its leaves: let the service write to an ordinary table, from which published rows are "
                    + "deleted, or use this project's own ring of leaves, which outboxctl migrate makes")
        } else if facts.kind != "r" {
            problems.append("it is no ordinary table")
        } else if facts.isTyped {
            problems.append("it is of a composite type, so no column can be added: ALTER TABLE \(facts.name) NOT OF")
        }
        if facts.persistence == "t" { problems.append("it is a temporary table") }
        if let reader = facts.filteredReader {
            problems.append(
                "its row level security applies to \(reader), with whose rights the relay reads: rows that the policies hide would be "
                    + "lost. ALTER TABLE \(facts.name) NO FORCE ROW LEVEL SECURITY and adopt as its owner, or let a role with "
                    + "BYPASSRLS adopt")
        }
        return problems
    }

    private func rightsObstacles() -> [String] {
        var problems: [String] = []
        if !facts.isOwned {
            problems.append(
                "\(facts.user) may not alter it: run adopt as \(facts.owner), or as a role that is a member of it")
        }
        if !facts.mayCreateBeside && !indexSteps().isEmpty {
            problems.append("\(facts.user) may not make an index in its schema: GRANT CREATE ON SCHEMA is needed")
        }
        if !facts.mayCreateSchema && !facts.relay.hasSchema {
            problems.append(
                "\(facts.user) may not create the schema \(options.schema): GRANT CREATE ON DATABASE is needed")
        } else if !facts.relay.mayCreate && !isAdopted {
            problems.append(
                "\(facts.user) may not make tables in the schema \(options.schema): GRANT CREATE ON SCHEMA is needed")
        }
        return problems
    }

    private func schemaObstacles() -> [String] {
        let schema = options.schema
        if let fault = OutboxLimits.fault(inSchema: schema) { return ["--schema: \(fault)"] }
        if let other = facts.relay.outbox, !facts.relay.readsTable {
            let relation = other == facts.name ? "a table that was called \(other) and is not this one" : other
            return [
                "the schema \(schema) belongs to \(relation): give another one with --schema and set RELAY_SCHEMA to it"
            ]
        }
        let strangers = facts.relay.strangers
        if !isAdopted && !strangers.isEmpty {
            let some = strangers.prefix(3).joined(separator: ", ") + (strangers.count > 3 ? ", ..." : "")
            return [
                "the schema \(schema) has other things in it (\(some)), and must be the relay's alone: it is dropped to undo adopting, and "
                    + "the relay's role may read all of it. Give another one with --schema and set RELAY_SCHEMA to it"
            ]
        }
        return []
    }

    private func existingObstacles() -> [String] {
        var problems: [String] = []
        if let asked = options.order, asked != Self.place, facts.column(asked) == nil {
            problems.append("--order: \(facts.name) has no column \(asked)")
        }
        guard facts.hasRows && !isAdopted else { return problems }
        if options.existing == nil {
            problems.append(
                "it has rows: say --existing publish if Kafka does not have them yet, or --existing skip if it does")
        }
        if options.existing == .skip && !facts.hasUnnumberedRows && !facts.relay.hasSchema
            && !mapping.additions.contains(.transactionID)
        {
            problems.append(
                "its rows have transaction ids already, of an earlier adoption perhaps, so --existing skip cannot leave them out: "
                    + "ALTER TABLE \(facts.name) DROP COLUMN \(PostgresConnection.quoteIdentifier(mapping.columns[.transactionID] ?? ""))"
            )
        }
        guard publishesExisting else { return problems }
        if order == nil && options.order == nil {
            problems.append(
                "nothing tells the order of the rows that are there: name a column with --order, one that was drawn from a sequence or is a "
                    + "time of inserting; or say --order \(Self.place), their place in the table, if consumers can do without an order"
            )
        }
        if let refusal = facts.updateRefusal {
            problems.append(
                "--existing publish numbers the rows that are there with an UPDATE, and that fails: \(refusal). Remove the cause "
                    + "while adopt runs, or say --existing skip")
        }
        return problems
    }
}
