import Postgres

/// Finds out how a table's columns become the ones the relay reads, and what is wrong with that.
struct ColumnMapper {
    let facts: TableFacts
    let options: AdoptionOptions
    /// What was chosen when the table was adopted. It holds until somebody asks for something else.
    let stored: StoredMapping?
    var mapping = SourceMapping()
    /// Why the table cannot be adopted as it is.
    var problems: [String] = []

    init(_ facts: TableFacts, _ options: AdoptionOptions) {
        self.facts = facts
        self.options = options
        stored = facts.relay.outbox == nil ? nil : facts.relay.mapping.flatMap { StoredMapping($0) }
        for name in options.columns.keys.sorted() where SourceColumn(rawValue: name) == nil {
            let known = SourceColumn.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("--columns: there is no \(name); the relay knows \(known)")
        }
        mapOrder()
        mapValues()
        mapCreatedAt()
        mapHeaders()
    }

    /// The column for a name: the one that was asked for, else the one it was before, else the first usual one that
    /// fits.
    mutating func column(_ name: SourceColumn, isFit: (TableFacts.Column) -> Bool = { _ in true }) -> TableFacts.Column?
    {
        if let asked = options.columns[name.rawValue] {
            if let found = facts.column(asked) { return found }
            problems.append("--columns: \(facts.name) has no column \(asked)")
            return nil
        }
        if let stored { return stored.columns[name].flatMap { facts.column($0) } }
        let usual = name.usualNames.filter { !options.columns.values.contains($0) }
        let found = usual.compactMap { facts.column($0) }.first(where: isFit)
        if found == nil && name.isRequired {
            problems.append(
                "no column for \(name.rawValue): none is called \(name.usualNames.joined(separator: " or ")); "
                    + "name it with --columns \(name.rawValue)=COLUMN")
        }
        return found
    }

    private mutating func use(_ name: SourceColumn, _ column: TableFacts.Column, _ sql: String) {
        mapping.columns[name] = column.name
        mapping.expressions[name] = sql
    }

    func quoted(_ column: TableFacts.Column) -> String { PostgresConnection.quoteIdentifier(column.name) }
}

// MARK: - What the cut needs

extension ColumnMapper {
    private mutating func mapOrder() {
        if isLeftover {
            let columns = SourceMapping.Addition.allCases.compactMap { facts.column(oneOf: $0.names)?.name }
            let drop = columns.map { "DROP COLUMN \(PostgresConnection.quoteIdentifier($0))" }.joined(separator: ", ")
            problems.append(
                "\(columns.joined(separator: ", ")) are left of an earlier adoption, whose schema was dropped: "
                    + "ALTER TABLE \(facts.name) \(drop)")
        } else if let id = column(.outboxID, isFit: \.isOrder) {
            use(.outboxID, id, quoted(id))
            if !id.isOrder {
                problems.append(
                    "\(id.name) is no bigint drawn from a sequence that counts up: it cannot tell the order of rows")
            }
        } else {
            add(.outboxID)
        }
        if let transaction = column(.transactionID, isFit: \.isTransactionID) {
            use(.transactionID, transaction, quoted(transaction))
            if !transaction.isTransactionID {
                problems.append("\(transaction.name) is no xid8 with the default pg_current_xact_id()")
            }
        } else {
            add(.transactionID)
        }
    }

    /// Dropping the relay's schema takes the sequence along, and with it the default.
    private var isLeftover: Bool {
        guard facts.relay.outbox == nil, options.columns["outbox_id"] == nil else { return false }
        let ids = SourceMapping.Addition.outboxID.names.compactMap { facts.column($0) }
        let transactions = SourceMapping.Addition.transactionID.names.compactMap { facts.column($0) }
        return ids.contains { $0.type == "bigint" && $0.defaultExpression == nil && !$0.isIdentity && !$0.isNotNull }
            && transactions.contains(where: \.isTransactionID)
    }

    private mutating func add(_ addition: SourceMapping.Addition) {
        guard let name = addition.names.first(where: { facts.column($0) == nil }) else {
            let names = addition.names.joined(separator: " and ")
            problems.append("it has the columns \(names), one of which adopting has to add: rename one")
            return
        }
        mapping.additions.append(addition)
        mapping.columns[addition.source] = name
        mapping.expressions[addition.source] = PostgresConnection.quoteIdentifier(name)
    }

    /// Times that are missing or infinite must not reach the relay: it computes with them.
    private mutating func mapCreatedAt() {
        if let time = column(.createdAt, isFit: \.isTime) {
            let zone = time.type == "timestamp with time zone" ? "" : " AT TIME ZONE 'UTC'"
            use(.createdAt, time, finite(zone.isEmpty ? quoted(time) : "(\(quoted(time))\(zone))"))
            if !time.isTime {
                problems.append("\(time.name) is no timestamp; leave created_at out and a column is added")
            }
        } else {
            add(.createdAt)
            mapping.expressions[.createdAt] = mapping.expressions[.createdAt].map { finite($0) }
        }
    }

    /// `now()` and not `clock_timestamp()`: of a view with a volatile function every row of a backlog is made and
    /// sorted for each chunk.
    private func finite(_ sql: String) -> String { "CASE WHEN isfinite(\(sql)) THEN \(sql) ELSE now() END" }
}

// MARK: - What is forwarded

extension ColumnMapper {
    private mutating func mapValues() {
        if let id = column(.eventID) {
            if id.type == "uuid" {
                // One NULL would stop the relay for good, so there is something in its place.
                use(
                    .eventID, id,
                    id.isNotNull
                        ? quoted(id)
                        : "coalesce(\(quoted(id)), md5(\(mapping.expressions[.outboxID] ?? "NULL")::text)::uuid)")
            } else {
                problems.append("\(id.name) is \(id.type), but event_id must be a uuid")
            }
        }
        for name in [SourceColumn.aggregateType, .aggregateID, .eventType] {
            guard let found = column(name) else { continue }
            let text = found.type == "text" ? quoted(found) : "\(quoted(found))::text"
            use(name, found, found.isNotNull ? text : "coalesce(\(text), '')")
        }
        mapSequence()
        mapPayload()
    }

    private mutating func mapSequence() {
        mapping.expressions[.sequenceNumber] = "NULL::bigint"
        guard let sequence = column(.sequenceNumber) else { return }
        guard ["smallint", "integer", "bigint"].contains(sequence.type) else {
            if options.columns["sequence_number"] != nil { problems.append("\(sequence.name) is no whole number") }
            return
        }
        use(.sequenceNumber, sequence, "\(quoted(sequence))::bigint")
    }

    private mutating func mapPayload() {
        guard let payload = column(.payload) else { return }
        switch payload.type {
        case "bytea": use(.payload, payload, quoted(payload))
        case "json", "jsonb", "text", "character varying", "xml":
            use(.payload, payload, "convert_to(\(quoted(payload))::text, 'UTF8')")
        default: problems.append("\(payload.name) is \(payload.type); a payload is bytea, json, jsonb or text")
        }
    }
}
