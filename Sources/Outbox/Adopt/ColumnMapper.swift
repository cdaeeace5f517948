internal import Postgres

/// Finds out how a table's columns become the ones the relay reads, and what is wrong with that.
struct ColumnMapper {
    private let facts: TableFacts
    private let options: AdoptionOptions
    private(set) var mapping = SourceMapping()
    /// Why the table cannot be adopted as it is.
    private(set) var problems: [String] = []

    init(_ facts: TableFacts, _ options: AdoptionOptions) {
        self.facts = facts
        self.options = options
        for name in options.columns.keys.sorted() where SourceColumn(rawValue: name) == nil {
            let known = SourceColumn.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("--columns: there is no \(name); the relay knows \(known)")
        }
        mapOrder()
        mapValues()
        mapCreatedAt()
        mapHeaders()
    }

    /// The column for a name: the one that was asked for, else the first usual one.
    private mutating func column(_ name: SourceColumn) -> TableFacts.Column? {
        if let asked = options.columns[name.rawValue] {
            if let found = facts.column(asked) { return found }
            problems.append("--columns: \(facts.name) has no column \(asked)")
            return nil
        }
        let found = facts.column(oneOf: name.usualNames)
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

    private func quoted(_ column: TableFacts.Column) -> String { PostgresConnection.quoteIdentifier(column.name) }
}

// MARK: - What the cut needs

extension ColumnMapper {
    private mutating func mapOrder() {
        if let id = column(.outboxID) {
            if id.type == "bigint" && id.isDrawnFromSequence {
                use(.outboxID, id, quoted(id))
            } else {
                problems.append("\(id.name) is no bigint drawn from a sequence: it cannot tell the order of rows; rename it")
            }
        } else {
            add(.outboxID, as: .outboxID)
        }
        if let transaction = column(.transactionID) {
            if transaction.type == "xid8" && transaction.defaultExpression == "pg_current_xact_id()" {
                use(.transactionID, transaction, quoted(transaction))
            } else {
                problems.append("\(transaction.name) is no xid8 with the default pg_current_xact_id(); rename it")
            }
        } else {
            add(.transactionID, as: .transactionID)
        }
    }

    private mutating func add(_ addition: SourceMapping.Addition, as name: SourceColumn) {
        mapping.additions.append(addition)
        mapping.columns[name] = addition.rawValue
        mapping.expressions[name] = PostgresConnection.quoteIdentifier(addition.rawValue)
    }

    /// Times that are missing or infinite must not reach the relay: it computes with them.
    private mutating func mapCreatedAt() {
        if let time = column(.createdAt) {
            let sql: String? =
                switch time.type {
                case "timestamp with time zone": quoted(time)
                case "timestamp without time zone": "(\(quoted(time)) AT TIME ZONE 'UTC')"
                default: nil
                }
            if let sql { return use(.createdAt, time, finite(sql)) }
            if options.columns["created_at"] != nil {
                problems.append("\(time.name) is no timestamp; leave created_at out and a column is added")
                return
            }
        }
        add(.createdAt, as: .createdAt)
        mapping.expressions[.createdAt] = finite("\"outbox_created_at\"")
    }

    private func finite(_ sql: String) -> String { "CASE WHEN isfinite(\(sql)) THEN \(sql) ELSE clock_timestamp() END" }
}

// MARK: - What is forwarded

extension ColumnMapper {
    private mutating func mapValues() {
        if let id = column(.eventID) {
            if id.type == "uuid" {
                // One NULL would stop the relay for good, so there is something in its place.
                use(.eventID, id, id.isNotNull ? quoted(id) : "coalesce(\(quoted(id)), md5(outbox_id::text)::uuid)")
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

    private mutating func mapHeaders() {
        let object = headersColumn()
        if let chosen = options.headers {
            for header in chosen where facts.column(header.column) == nil {
                problems.append("--headers: \(facts.name) has no column \(header.column)")
            }
            mapping.headers = chosen
        } else {
            let used = Set(mapping.columns.values).union(SourceMapping.Addition.allCases.map(\.rawValue))
            mapping.headers = facts.columns.filter { !used.contains($0.name) }.map { ($0.name, $0.name) }
        }
        // jsonb_build_object takes a hundred arguments.
        guard mapping.headers.count <= 50 else {
            problems.append("\(mapping.headers.count) columns would be headers; choose at most 50 with --headers")
            return
        }
        let pairs = mapping.headers.map {
            "\(PostgresConnection.quoteLiteral($0.name)), \(PostgresConnection.quoteIdentifier($0.column))::text"
        }
        let own = pairs.isEmpty ? nil : "jsonb_strip_nulls(jsonb_build_object(\(pairs.joined(separator: ", "))))"
        mapping.expressions[.headers] =
            switch (object, own) {
            case (nil, nil): "NULL::jsonb"
            case (let object?, nil): object
            case (nil, let own?): own
            case (let object?, let own?): "coalesce(\(object), '{}'::jsonb) || \(own)"
            }
    }

    /// Anything but an object would make the relay's query fail.
    private mutating func headersColumn() -> String? {
        guard let headers = column(.headers) else { return nil }
        guard headers.type == "jsonb" || headers.type == "json" else {
            if options.columns["headers"] != nil { problems.append("\(headers.name) is no jsonb or json") }
            return nil
        }
        mapping.columns[.headers] = headers.name
        let object = headers.type == "jsonb" ? quoted(headers) : "\(quoted(headers))::jsonb"
        return "CASE WHEN jsonb_typeof(\(object)) = 'object' THEN \(object) END"
    }
}
