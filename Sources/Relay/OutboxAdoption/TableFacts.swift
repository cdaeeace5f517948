/// What the database says about a table that is to be adopted. Read by ``TableFactsReader``; judged without I/O.
struct TableFacts: Equatable, Sendable {
    /// A column, and what its default does.
    struct Column: Equatable, Sendable {
        var name: String
        /// The base type, as `format_type` spells it without modifiers.
        var type: String
        var isNotNull = false
        var isIdentity = false
        var defaultExpression: String?
        /// How many values a session draws at once from the sequence of the default; nil without a sequence.
        var sequenceCache: Int64?
        /// The sequence's step and its schema.
        var sequenceIncrement: Int64 = 1
        var sequenceSchema: String?
        /// Whether an UPDATE may name the column without firing a trigger of that column.
        var isSettable = true

        var isDrawnFromSequence: Bool { sequenceCache != nil }
        /// Whether it tells the order of inserting.
        var isOrder: Bool { type == "bigint" && isDrawnFromSequence && sequenceIncrement > 0 }
        var isTransactionID: Bool { type == "xid8" && defaultExpression == "pg_current_xact_id()" }
        var isTime: Bool { type == "timestamp with time zone" || type == "timestamp without time zone" }
        /// Whether its value is the time at which the transaction began, which is no order: a transaction that began
        /// earlier may insert later.
        var isTransactionTime: Bool {
            let text = defaultExpression?.lowercased() ?? ""
            return ["now()", "'now'", "current_timestamp", "localtimestamp", "transaction_timestamp()"].contains {
                text.contains($0)
            }
        }
    }

    /// An index, and the columns that it is ordered by.
    struct Index: Equatable, Sendable {
        var name: String
        var isValid: Bool
        var isPartial = false
        var columns: [String]
    }

    /// The trigger that wakes the relay.
    enum Trigger: Equatable, Sendable {
        case missing
        case switchedOff(name: String)
        case enabled
    }

    /// What is in the schema that the relay is to have, or has.
    struct RelayPresence: Equatable, Sendable {
        var hasSchema = false
        /// Whether the current user may make a table in it.
        var mayCreate = true
        /// The outbox it belongs to, once adopting has come to its end.
        var outbox: String?
        /// The mapping that its view was made of.
        var mapping: String?
        /// Whether its view reads this table, under whatever name the table was adopted.
        var readsTable = true
        /// Which version the relay's schema has.
        var version = RelaySchema.State.current
        /// Objects in the schema that are not the relay's.
        var strangers: [String] = []
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
    /// Since the statistics were reset.
    var rowsInserted: Int64 = 0
    var rowsDeleted: Int64 = 0
    /// Whether the current user may alter the table, and make a schema.
    var isOwned = true
    var mayCreateSchema = true
    var user = ""
    var owner = ""
    var serverVersion: Int32 = 150_000
    /// Whether it is a partition of another table, or of a composite type: then its columns are not its own.
    var isPartition = false
    var isTyped = false
    /// The role with whose rights the relay reads, if row level security keeps rows from it.
    var filteredReader: String?
    /// Whether the current user may make an index in the table's schema.
    var mayCreateBeside = true
    var publications: [String] = []
    /// The application's triggers that every UPDATE fires.
    var updateTriggers: [String] = []
    /// Why an UPDATE of an existing row was refused, if one was tried. See ``UpdateProbe``.
    var updateRefusal: String?
    var maxPreparedTransactions: Int32 = 0
    /// Whether there are rows without a transaction id, and whether there is the constraint against more of them.
    var hasUnnumberedRows = false
    var hasNumbersCheck = false
    /// What the relay has in the database already.
    var relay = RelayPresence()

    /// The column of this name.
    func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    /// The column with the earliest of the names.
    func column(oneOf names: [String]) -> Column? {
        for name in names {
            if let found = column(name) { return found }
        }
        return nil
    }
}
