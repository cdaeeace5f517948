import Postgres

/// The SQL of the relay's schema for one outbox.
struct RelaySchemaSQL {
    let names: RelayNames
    /// The query of the view `source`; empty where the view is not to be made.
    var source = ""
    /// The mapping in words, kept as the view's comment.
    var mapping = ""

    /// Everything that a new outbox needs. The view comes first, because the operators' views read it.
    var all: String {
        let tables = upgrade(from: RelaySchema.State(version: 0, isRecorded: false))
        return ["CREATE SCHEMA IF NOT EXISTS \(names.schema);", view, tables, trigger].joined(separator: "\n\n")
    }

    var view: String { fill(PackageResources.source_view_sql) }

    var trigger: String { fill(PackageResources.wake_trigger_sql) }

    /// What brings a schema from this state to the newest version, with the rows that record it. Runs in one
    /// transaction.
    func upgrade(from state: RelaySchema.State) -> String {
        var parts: [String] = []
        if !state.isRecorded {
            parts.append(fill(PackageResources.schema_version_sql))
            parts += RelaySchema.versions.filter { $0.number <= state.version }.map { record($0, appliedAt: "NULL") }
        }
        parts += state.missing.map { fill($0.template) + "\n" + record($0, appliedAt: "DEFAULT") }
        return parts.joined(separator: "\n\n")
    }

    private func record(_ version: RelaySchema.Version, appliedAt: String) -> String {
        """
        INSERT INTO \(names.schema).schema_version (version, name, applied_at)
        VALUES (\(version.number), '\(version.name)', \(appliedAt));
        """
    }

    /// Puts the outbox's names into a file, written as in psql: `:"schema"` is an identifier, `:'channel'` a literal,
    /// `:outbox` the text itself.
    private func fill(_ template: [UInt8]) -> String {
        let text = String(decoding: template, as: UTF8.self)
        let filled = text.replacing(/:(["']?)(schema|outbox|channel|lock_class|trigger|source|mapping)\1/) { match in
            let value = value(of: match.2)
            return switch match.1 {
            case "\"": PostgresConnection.quoteIdentifier(value)
            case "'": PostgresConnection.quoteLiteral(value)
            default: value
            }
        }
        return String(filled.reversed().drop { $0 == "\n" }.reversed())
    }

    private func value(of name: Substring) -> String {
        switch name {
        case "schema": names.schemaName
        case "outbox": names.outbox
        case "channel": names.channel
        case "lock_class": "\(names.lockClass)"
        case "trigger": names.trigger
        case "source": source
        default: mapping
        }
    }
}
