import Outbox

/// Decides what a table lacks. No I/O: the facts come in, the plan goes out.
struct AdoptionPlanner {
    let facts: TableFacts
    let options: AdoptionOptions
    /// How the columns are read, with those that are still to be added.
    let mapping: SourceMapping
    let names: RelayNames
    /// Columns that have no other use and make no header.
    let spareColumns: [String]

    /// - Throws: ``OutboxError`` with code `schema`. Its message has a line for each obstacle: first what to do, then
    ///   why.
    static func plan(_ facts: TableFacts, _ options: AdoptionOptions) throws(OutboxError) -> AdoptionPlan {
        let mapper = ColumnMapper(facts, options)
        let sources = mapper.mapping.headers.map(\.column)
        let planner = AdoptionPlanner(
            facts: facts, options: options, mapping: mapper.mapping,
            names: RelayNames(schema: options.schema, outbox: facts.name),
            spareColumns: mapper.spareColumns.filter { !sources.contains($0) })
        let problems = planner.obstacles() + mapper.problems
        guard problems.isEmpty else {
            throw OutboxError(
                .schema, "\(facts.name) cannot be adopted yet:\n" + problems.map { "- \($0)" }.joined(separator: "\n"))
        }
        return planner.plan()
    }

    private func plan() -> AdoptionPlan {
        var plan = AdoptionPlan(table: facts.name, schema: options.schema, mapping: mapping.text)
        plan.steps = columnSteps() + indexSteps() + existingSteps() + checkSteps() + relaySteps()
        plan.notes = notes()
        plan.warnings = warnings()
        return plan
    }

    /// Whether the last step of adopting has been done before.
    var isAdopted: Bool { facts.relay.outbox != nil }

    /// Whether rows that are there get numbers, and are published.
    var publishesExisting: Bool { !isAdopted && facts.hasRows && options.existing == .publish }

    /// The column that tells the order of existing rows. What adopting adds says nothing about them, also when an
    /// adoption that was interrupted has added it already.
    var order: String? {
        if let asked = options.order { return asked == Self.place ? nil : asked }
        if let id = own(.outboxID), id.sequenceSchema != options.schema { return id.name }
        let time = own(.createdAt).flatMap { SourceMapping.Addition.createdAt.names.contains($0.name) ? nil : $0 }
        if let time, time.defaultExpression?.contains("clock_timestamp()") == true { return time.name }
        return mapping.columns[.sequenceNumber] ?? time?.name
    }

    /// What `--order` says where nothing orders the rows: their place in the table.
    static let place = "ctid"

    /// The column for a name, unless it is still to be added.
    private func own(_ name: SourceColumn) -> TableFacts.Column? { mapping.columns[name].flatMap { facts.column($0) } }
}
