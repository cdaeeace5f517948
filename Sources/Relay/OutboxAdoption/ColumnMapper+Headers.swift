import Postgres

/// Which columns become headers.
extension ColumnMapper {
    mutating func mapHeaders() {
        let object = headersColumn()
        mapping.headers = chosenHeaders()
        guard mapping.headers.count <= AdoptionLimits.headers else {
            problems.append(
                "choose at most \(AdoptionLimits.headers) headers with --headers: \(mapping.headers.count) columns "
                    + "would be headers"
            )
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

    private mutating func chosenHeaders() -> [(name: String, column: String)] {
        if let chosen = options.headers {
            for header in chosen {
                if facts.column(header.column) == nil {
                    problems.append(
                        "--headers \(header.name)=\(header.column): \(facts.name) has no column \(header.column)")
                }
                if Self.isReserved(header.name) {
                    problems.append(
                        "give the column \(header.column) another header with --headers NAME=\(header.column): the "
                            + "relay writes the header \(header.name) itself")
                }
            }
            return chosen
        }
        if let stored, !options.hasAllHeaders { return stored.headers.filter { facts.column($0.column) != nil } }
        return spareColumns.filter { !Self.isReserved($0) }.map { ($0, $0) }
    }

    /// Columns without another use.
    var spareColumns: [String] {
        let used = Set(mapping.columns.values)
        return facts.columns.map(\.name).filter { !used.contains($0) }
    }

    /// Headers that the relay writes. Of two headers with one name consumers read the last.
    static func isReserved(_ header: String) -> Bool {
        [
            "id", "outbox_relay_epoch", "outbox_relay_cut", "ce_id", "ce_type", "ce_time", "ce_source", "ce_subject",
            "ce_sequence",
            "ce_specversion",
        ].contains(header)
    }

    /// Anything but an object would make the relay's query fail.
    private mutating func headersColumn() -> String? {
        guard let headers = column(.headers, isFit: { $0.type.hasPrefix("json") }) else { return nil }
        guard headers.type == "jsonb" || headers.type == "json" else {
            if options.columns["headers"] != nil {
                problems.append("name another column for headers, or none: \(headers.name) is no jsonb or json")
            }
            return nil
        }
        mapping.columns[.headers] = headers.name
        let object = headers.type == "jsonb" ? quoted(headers) : "\(quoted(headers))::jsonb"
        return "CASE WHEN jsonb_typeof(\(object)) = 'object' THEN \(object) END"
    }
}
