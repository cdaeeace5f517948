import Postgres

/// Finds out how a table's columns become those the relay reads, and what stands in the way.
struct ColumnMapper {
    let facts: TableFacts
    let options: AdoptionOptions
    /// What was chosen when the table was adopted. It holds until something else is chosen.
    let stored: StoredMapping?
    var mapping = SourceMapping()
    /// What stands in the way: first what to do, then why.
    var problems: [String] = []

    init(_ facts: TableFacts, _ options: AdoptionOptions) {
        self.facts = facts
        self.options = options
        stored = facts.relay.outbox == nil ? nil : facts.relay.mapping.flatMap { StoredMapping($0) }
        for name in options.columns.keys.sorted() where SourceColumn(rawValue: name) == nil {
            let known = SourceColumn.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("--columns: name one of \(known); there is no \(name)")
        }
        mapOrder()
        mapValues()
        mapCreatedAt()
        mapHeaders()
    }

    /// The column for a name: the column that was asked for, else the same as before, else the first of a usual name
    /// that fits.
    mutating func column(_ name: SourceColumn, isFit: (TableFacts.Column) -> Bool = { _ in true }) -> TableFacts.Column?
    {
        if let asked = options.columns[name.rawValue] {
            if let found = facts.column(asked) { return found }
            problems.append("--columns \(name.rawValue)=\(asked): \(facts.name) has no column \(asked)")
            return nil
        }
        if let stored { return stored.columns[name].flatMap { facts.column($0) } }
        let usual = name.usualNames.filter { !options.columns.values.contains($0) }
        let found = usual.compactMap { facts.column($0) }.first(where: isFit)
        if found == nil && name.isRequired {
            problems.append(
                "pass --columns \(name.rawValue)=COLUMN: there is no column for \(name.rawValue), none has the name "
                    + name.usualNames.joined(separator: " or "))
        }
        return found
    }

    private mutating func use(_ name: SourceColumn, _ column: TableFacts.Column, _ sql: String) {
        mapping.columns[name] = column.name
        mapping.expressions[name] = sql
    }

    /// The column's name as an identifier.
    func quoted(_ column: TableFacts.Column) -> String { PostgresConnection.quoteIdentifier(column.name) }
}

// MARK: - What the cut needs

extension ColumnMapper {
    private mutating func mapOrder() {
        if isLeftover {
            let columns = SourceMapping.Addition.allCases.compactMap { facts.column(oneOf: $0.names)?.name }
            let drop = columns.map { "DROP COLUMN \(PostgresConnection.quoteIdentifier($0))" }.joined(separator: ", ")
            problems.append(
                "drop \(columns.joined(separator: ", ")), left of an earlier adoption whose schema was dropped: ALTER "
                    + "TABLE \(facts.name) \(drop)")
        } else if let id = column(.outboxID, isFit: \.isOrder) {
            use(.outboxID, id, quoted(id))
            if !id.isOrder {
                problems.append(
                    "name another column for outbox_id, or none: \(id.name) is no bigint drawn from a sequence that "
                        + "counts up, so it does not tell the order of rows")
            }
        } else {
            add(.outboxID)
        }
        if let transaction = column(.transactionID, isFit: \.isTransactionID) {
            use(.transactionID, transaction, quoted(transaction))
            if !transaction.isTransactionID {
                problems.append(
                    "name another column for transaction_id, or none: \(transaction.name) is no xid8 with the default "
                        + "pg_current_xact_id()")
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
            problems.append("rename one of the columns \(names): adopting has to add one of these names")
            return
        }
        mapping.additions.append(addition)
        mapping.columns[addition.source] = name
        mapping.expressions[addition.source] = PostgresConnection.quoteIdentifier(name)
    }

    /// Times that are missing or infinite must not reach the relay, which computes with them.
    private mutating func mapCreatedAt() {
        if let time = column(.createdAt, isFit: \.isTime) {
            let zone = time.type == "timestamp with time zone" ? "" : " AT TIME ZONE 'UTC'"
            use(.createdAt, time, finite(zone.isEmpty ? quoted(time) : "(\(quoted(time))\(zone))"))
            if !time.isTime {
                problems.append("leave created_at out, and a column is added: \(time.name) is no timestamp")
            }
        } else {
            add(.createdAt)
            mapping.expressions[.createdAt] = mapping.expressions[.createdAt].map { finite($0) }
        }
    }

    /// `now()` and not `clock_timestamp()`: a volatile function keeps the view from being merged into the query, and
    /// every row of a backlog would be computed and sorted for each chunk.
    private func finite(_ sql: String) -> String { "CASE WHEN isfinite(\(sql)) THEN \(sql) ELSE now() END" }
}

// MARK: - What is forwarded

extension ColumnMapper {
    private mutating func mapValues() {
        if let id = column(.eventID) {
            if id.type == "uuid" {
                // One NULL would stop the relay for good, so a value made of the row's id takes its place.
                use(
                    .eventID, id,
                    id.isNotNull
                        ? quoted(id)
                        : "coalesce(\(quoted(id)), md5(\(mapping.expressions[.outboxID] ?? "NULL")::text)::uuid)")
            } else {
                problems.append(
                    "pass --columns event_id=COLUMN with another column: \(id.name) is \(id.type), but event_id must "
                        + "be a uuid"
                )
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
            if options.columns["sequence_number"] != nil {
                problems.append("name another column for sequence_number, or none: \(sequence.name) is no whole number")
            }
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
        default:
            problems.append(
                "pass --columns payload=COLUMN with another column: \(payload.name) is \(payload.type), and a payload "
                    + "is bytea, json, jsonb or text")
        }
    }
}
