/// What the database says about a table that is to be adopted. Read by ``TableFactsReader``; judged without I/O.
struct TableFacts: Equatable, Sendable {
    struct Column: Equatable, Sendable {
        var name: String
        /// The base type, as `format_type` spells it without modifiers.
        var type: String
        var isNotNull = false
        var isIdentity = false
        var defaultExpression: String?
        /// The cache of the sequence that the default draws from, its step and its schema.
        var sequenceCache: Int64?
        var sequenceIncrement: Int64 = 1
        var sequenceSchema: String?
        /// Whether an UPDATE may name it, and fires no trigger by that.
        var isSettable = true

        var isDrawnFromSequence: Bool { sequenceCache != nil }
        /// Whether it tells the order of inserting.
        var isOrder: Bool { type == "bigint" && isDrawnFromSequence && sequenceIncrement > 0 }
        var isTransactionID: Bool { type == "xid8" && defaultExpression == "pg_current_xact_id()" }
        var isTime: Bool { type == "timestamp with time zone" || type == "timestamp without time zone" }
        /// Whether its value is when the transaction began, which is no order: one that began earlier may insert later.
        var isTransactionTime: Bool {
            let text = defaultExpression?.lowercased() ?? ""
            return ["now()", "'now'", "current_timestamp", "localtimestamp", "transaction_timestamp()"].contains {
                text.contains($0)
            }
        }
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
    /// Whether it is a partition of another table, or of a composite type: then it has that one's columns.
    var isPartition = false
    var isTyped = false
    /// The role with whose rights the relay reads, if row level security keeps rows from it.
    var filteredReader: String?
    /// Whether the current user may make an index in the table's schema.
    var mayCreateBeside = true
    var publications: [String] = []
    /// The application's triggers that every UPDATE fires.
    var updateTriggers: [String] = []
    /// What an UPDATE of an existing row was refused with, if one was tried. See ``UpdateProbe``.
    var updateRefusal: String?
    var maxPreparedTransactions: Int32 = 0
    /// Whether there are rows without a transaction id, and the constraint against more of them.
    var hasUnnumberedRows = false
    var hasNumbersCheck = false
    /// What the relay's schema says at present.
    var relay = RelayPresence()

    func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    /// The column with the earliest of the names.
    func column(oneOf names: [String]) -> Column? {
        for name in names {
            if let found = column(name) { return found }
        }
        return nil
    }
}
