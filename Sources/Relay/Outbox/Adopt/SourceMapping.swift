/// How a foreign table's columns become the ones the relay reads.
struct SourceMapping: Equatable, Sendable {
    /// Columns that adopting adds to the table.
    enum Addition: Equatable, Sendable, CaseIterable {
        case outboxID, transactionID, createdAt

        var source: SourceColumn {
            switch self {
            case .outboxID: .outboxID
            case .transactionID: .transactionID
            case .createdAt: .createdAt
            }
        }

        /// What it is called; the second where the table has another use for the first.
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
    var additions: [Addition] = []
    /// Header names and the columns they are taken from.
    var headers: [(name: String, column: String)] = []

    /// One line that tells the mapping, for people and to see whether it has changed.
    var text: String { parts.joined(separator: ", ") }

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
