/// What the database says about a table that is to be adopted. Read by ``TableFactsReader``; judged without I/O.
struct TableFacts: Equatable, Sendable {
    struct Column: Equatable, Sendable {
        var name: String
        /// The base type, as `format_type` spells it without modifiers.
        var type: String
        var isNotNull = false
        var isIdentity = false
        var defaultExpression: String?
        /// The cache of the sequence that the default draws from.
        var sequenceCache: Int64?

        var isDrawnFromSequence: Bool { sequenceCache != nil }
    }

    struct Index: Equatable, Sendable {
        var name: String
        var isValid: Bool
        var isPartial = false
        var columns: [String]
    }

    enum Trigger: Equatable, Sendable {
        case missing
        case switchedOff(name: String)
        case enabled
    }

    /// Schema-qualified and quoted.
    var name: String
    /// `r` for an ordinary table, `p` for a partitioned one.
    var kind = "r"
    /// `p` permanent, `u` unlogged, `t` temporary.
    var persistence = "p"
    var columns: [Column]
    var indexes: [Index] = []
    var wakeTrigger = Trigger.missing
    var hasRows = false
    var rowsInserted: Int64 = 0
    var rowsDeleted: Int64 = 0
    /// Whether the current user may alter the table, and make a schema.
    var isOwned = true
    var mayCreateSchema = true
    var user = ""
    var owner = ""
    var serverVersion: Int32 = 150_000
    /// What the relay's schema says at present.
    var relay = RelayPresence()

    struct RelayPresence: Equatable, Sendable {
        var hasSchema = false
        /// The outbox it belongs to, once adopting has come to its end.
        var outbox: String?
        /// The mapping that its view was made of.
        var mapping: String?
        /// Whether its table of parked keys has the time of the next try.
        var hasParkedRetry = true
    }

    func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    /// The column with the earliest of the names.
    func column(oneOf names: [String]) -> Column? {
        for name in names {
            if let found = column(name) { return found }
        }
        return nil
    }
}
