import Postgres

/// What one relay's objects are called, so that several outboxes of a database do not meet.
struct RelayNames: Equatable, Sendable {
    /// Quoted.
    let schema: String
    /// As it is.
    let schemaName: String
    /// The table, qualified and quoted.
    let outbox: String
    let channel: String
    let lockClass: Int32

    init(schema: String, outbox: String) {
        self.schema = PostgresConnection.quoteIdentifier(schema)
        schemaName = schema
        self.outbox = outbox
        channel = schema
        // FNV-1a. Advisory locks are numbers; the class tells outboxes apart. Positive, because pg_locks shows it
        // unsigned.
        let hash = schema.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        lockClass = Int32(hash & 0x7FFF_FFFF)
    }

    var idIndex: String { short("outbox_id") }
    var transactionIndex: String { short("transaction_id") }
    var orderIndex: String { short("existing") }
    var trigger: String { short("wake") }
    var numbersCheck: String { short("numbered") }

    /// An index of this name, in the table's schema.
    func beside(_ name: String) -> String {
        let schema = outbox.prefix(upTo: Self.dot(outbox))
        return "\(schema).\(PostgresConnection.quoteIdentifier(name))"
    }

    /// Names longer than 63 bytes would be cut off by the server and no longer recognized.
    private func short(_ suffix: String) -> String {
        var name = schemaName
        while name.utf8.count > 62 - suffix.utf8.count { name.removeLast() }
        return "\(name)_\(suffix)"
    }

    /// Where the qualified name's schema ends: the first dot outside quotes.
    private static func dot(_ name: String) -> String.Index {
        var isQuoted = false
        for index in name.indices {
            if name[index] == "\"" { isQuoted.toggle() }
            if name[index] == "." && !isQuoted { return index }
        }
        return name.startIndex
    }
}
