import Outbox
import Postgres

/// What stands in the way. Each line says first what to do, then why.
extension AdoptionPlanner {
    func obstacles() -> [String] { tableObstacles() + rightsObstacles() + schemaObstacles() + existingObstacles() }

    private func tableObstacles() -> [String] {
        var problems: [String] = []
        if facts.serverVersion < 130_000 {
            problems.append("upgrade to Postgres 13 or later, whose transaction ids never wrap")
        }
        if facts.kind == "p" || facts.isPartition {
            problems.append(
                "let the service write to an ordinary table, from which published rows are deleted, or use this "
                    + "project's own ring of leaves, which outboxctl migrate makes: it is "
                    + (facts.kind == "p" ? "partitioned" : "a partition of another table")
                    + ", and adopt takes neither a partitioned table nor its leaves")
        } else if facts.kind != "r" {
            problems.append("let the service write to an ordinary table: it is none")
        } else if facts.isTyped {
            problems.append(
                "run ALTER TABLE \(facts.name) NOT OF: it is of a composite type, so no column can be added")
        }
        if facts.persistence == "t" {
            problems.append("let the service write to an ordinary table: it is a temporary table")
        }
        if let reader = facts.filteredReader {
            problems.append(
                "run ALTER TABLE \(facts.name) NO FORCE ROW LEVEL SECURITY and adopt as its owner, or let a role with "
                    + "BYPASSRLS adopt: its row level security applies to \(reader), with whose rights the relay "
                    + "reads, and rows that the policies hide would be lost")
        }
        return problems
    }

    private func rightsObstacles() -> [String] {
        var problems: [String] = []
        if !facts.isOwned {
            problems.append(
                "run adopt as \(facts.owner), or as a role that is a member of it: \(facts.user) may not alter it")
        }
        if !facts.mayCreateBeside && !indexSteps().isEmpty {
            problems.append(
                "run GRANT CREATE ON SCHEMA for its schema: \(facts.user) may not make an index in its schema")
        }
        if !facts.mayCreateSchema && !facts.relay.hasSchema {
            problems.append(
                "run GRANT CREATE ON DATABASE: \(facts.user) may not create the schema \(options.schema)")
        } else if !facts.relay.mayCreate && !isAdopted {
            problems.append(
                "run GRANT CREATE ON SCHEMA: \(facts.user) may not make tables in the schema \(options.schema)")
        }
        return problems
    }

    private func schemaObstacles() -> [String] {
        let schema = options.schema
        if let fault = OutboxLimits.fault(inSchema: schema) { return ["--schema: \(fault)"] }
        if let other = facts.relay.outbox, !facts.relay.readsTable {
            let relation = other == facts.name ? "a table that was called \(other) and is not this one" : other
            return [
                "give another schema with --schema and set RELAY_SCHEMA to it: the schema \(schema) belongs to "
                    + "\(relation)"
            ]
        }
        if let fault = RelaySchemaUpgrade.fault(facts.relay.version, schema) { return [fault] }
        let strangers = facts.relay.strangers
        if !isAdopted && !strangers.isEmpty {
            let some = strangers.prefix(3).joined(separator: ", ") + (strangers.count > 3 ? ", ..." : "")
            return [
                "give another schema with --schema and set RELAY_SCHEMA to it: the schema \(schema) has other things "
                    + "in it (\(some)), and must be the relay's alone, because it is dropped to undo adopting, and the "
                    + "relay's role may read all of it"
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
                "pass --existing publish if Kafka does not have its rows yet, or --existing skip if Kafka has them: it "
                    + "has rows"
            )
        }
        if options.existing == .skip && !facts.hasUnnumberedRows && !facts.relay.hasSchema
            && !mapping.additions.contains(.transactionID)
        {
            let column = PostgresConnection.quoteIdentifier(mapping.columns[.transactionID] ?? "")
            problems.append(
                "run ALTER TABLE \(facts.name) DROP COLUMN \(column): its rows have transaction ids already, of an "
                    + "earlier adoption perhaps, so --existing skip cannot leave them out")
        }
        guard publishesExisting else { return problems }
        if order == nil && options.order == nil {
            problems.append(
                "name a column with --order that was drawn from a sequence or is a time of inserting, or pass --order "
                    + "\(Self.place), their place in the table, if consumers can do without an order: nothing tells "
                    + "the order of the rows that are there")
        }
        if let refusal = facts.updateRefusal {
            problems.append(
                "pass --existing skip, or remove the cause while adopt runs: --existing publish numbers the rows that "
                    + "are there with an UPDATE, and that fails: \(refusal)")
        }
        return problems
    }
}
