/// How the columns of an adopted table become those the relay reads.
struct SourceMapping: Equatable, Sendable {
    /// Columns that adopting adds to the table.
    enum Addition: Equatable, Sendable, CaseIterable {
        case outboxID, transactionID, createdAt

        /// The name under which the relay reads it.
        var source: SourceColumn {
            switch self {
            case .outboxID: .outboxID
            case .transactionID: .transactionID
            case .createdAt: .createdAt
            }
        }

        /// Its name in the table; the second where the table has another use for the first.
        var names: [String] {
            switch self {
            case .outboxID: ["outbox_id", "outbox_relay_id"]
            case .transactionID: ["transaction_id", "outbox_relay_transaction"]
            case .createdAt: ["outbox_created_at", "outbox_relay_created_at"]
            }
        }

        var type: String {
            switch self {
            case .outboxID: "bigint"
            case .transactionID: "xid8"
            case .createdAt: "timestamptz"
            }
        }
    }

    /// SQL for each column of the view, in the view's order.
    var expressions: [SourceColumn: String] = [:]
    /// The table's column for each name, where there is one.
    var columns: [SourceColumn: String] = [:]
    /// What the table still lacks.
    var additions: [Addition] = []
    /// Header names and the columns they are taken from.
    var headers: [(name: String, column: String)] = []

    /// The mapping in one line, for people and to see whether it has changed.
    var text: String { parts.joined(separator: ", ") }

    /// `event_id=id`, `header tenant=tenant`.
    var parts: [String] {
        let pairs = SourceColumn.allCases.compactMap { name in columns[name].map { "\(name.rawValue)=\($0)" } }
        return pairs + headers.map { "header \($0.name)=\($0.column)" }
    }

    /// The query of the view `source`.
    func query(table: String) -> String {
        let list = SourceColumn.allCases.map { name in
            let sql = expressions[name] ?? "NULL"
            return "\(sql) AS \(name.rawValue)"
        }
        return "SELECT " + list.joined(separator: ",\n           ") + "\n    FROM \(table)"
    }

    static func == (one: SourceMapping, other: SourceMapping) -> Bool {
        one.expressions == other.expressions && one.text == other.text && one.additions == other.additions
    }
}

/// The mapping that an outbox was adopted with, read back from its ``SourceMapping/text``.
struct StoredMapping: Equatable, Sendable {
    private(set) var columns: [SourceColumn: String] = [:]
    private(set) var headers: [(name: String, column: String)] = []

    /// nil if the text cannot be told apart into its parts, because a column's name has a comma or an equals sign.
    init?(_ text: String) {
        var mapping = SourceMapping()
        for part in text.split(separator: ", ") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard sides.count == 2 else { return nil }
            if let name = SourceColumn(rawValue: sides[0]) {
                mapping.columns[name] = sides[1]
            } else if sides[0].hasPrefix("header ") {
                mapping.headers.append((String(sides[0].dropFirst("header ".count)), sides[1]))
            } else {
                return nil
            }
        }
        guard mapping.text == text else { return nil }
        columns = mapping.columns
        headers = mapping.headers
    }

    static func == (one: StoredMapping, other: StoredMapping) -> Bool {
        one.columns == other.columns && one.headers.map(\.name) == other.headers.map(\.name)
            && one.headers.map(\.column) == other.headers.map(\.column)
    }
}
