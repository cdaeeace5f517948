import Outbox
import Postgres

/// The names of one relay's objects. Several outboxes of a database have different ones.
struct RelayNames: Equatable, Sendable {
    /// The relay's schema, quoted.
    let schema: String
    /// The same, not quoted.
    let schemaName: String
    /// The table, qualified and quoted.
    let outbox: String
    /// The channel of its notifications.
    let channel: String
    /// The first number of its advisory locks.
    let lockClass: Int32

    /// The names of an outbox that was adopted, or migrated, before.
    init(_ identity: RelayIdentity, schema: String) {
        self.schema = PostgresConnection.quoteIdentifier(schema)
        schemaName = schema
        outbox = identity.outbox
        channel = identity.channel
        lockClass = identity.lockClass
    }

    /// The names that adopting gives.
    ///
    /// - Parameters:
    ///   - schema: not quoted.
    ///   - outbox: qualified and quoted.
    init(schema: String, outbox: String) {
        self.schema = PostgresConnection.quoteIdentifier(schema)
        schemaName = schema
        self.outbox = outbox
        channel = schema
        lockClass = Self.lockClass(schema)
    }

    /// FNV-1a. Advisory locks are numbers; the class tells outboxes apart. Positive, because pg_locks shows it
    /// unsigned.
    private static func lockClass(_ schema: String) -> Int32 {
        let hash = schema.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return Int32(hash & 0x7FFF_FFFF)
    }

    /// The advisory lock of a change to the relay's schema. Its class comes from the name, also where the relay's own
    /// locks have another, because it is taken before there is a schema. The numbers up to 3 are the relay's.
    var adoptionLock: [PostgresParameter] { [.int4(Self.lockClass(schemaName)), .int4(4)] }

    // Names of objects in the table's schema, not quoted.
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
