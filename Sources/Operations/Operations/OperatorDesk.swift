import Outbox
public import Postgres

/// What operators ask of an outbox and do to it: typed questions and actions on one connection.
///
/// Every question is a short read-only transaction with a time limit for each statement; it reads by index and takes a
/// bounded number of rows, however large the outbox is. A desk blocks its thread, as its connection does.
public struct OperatorDesk {
    let connection: PostgresConnection
    /// The relay's schema, not quoted, and quoted for SQL.
    let schemaName: String
    let schema: String
    let hidesPayloads: Bool
    /// The name of the person or program that acts; recorded with each decision.
    let caller: String?
    /// What was found out about the database when the desk was made.
    public let facts: DeskFacts

    /// - Parameters:
    ///   - connection: to the outbox's database; may go through a transaction pooler.
    ///   - schema: the relay's schema, as in `RELAY_SCHEMA`, not quoted.
    ///   - hidesPayloads: whether payloads and the values of headers are left out of all answers.
    ///   - caller: recorded with each decision, beside the database role.
    ///   - facts: those of an earlier desk of this schema, which is then not looked at again.
    /// - Throws: `OutboxError` with code `notMigrated` when there is no such schema, or one of an earlier release.
    public init(
        _ connection: PostgresConnection, schema: String = "outbox_relay", hidesPayloads: Bool = false,
        caller: String? = nil, facts: DeskFacts? = nil
    ) throws {
        self.connection = connection
        schemaName = schema
        self.schema = PostgresConnection.quoteIdentifier(schema)
        self.hidesPayloads = hidesPayloads
        self.caller = caller
        if let facts {
            self.facts = facts
        } else {
            try OutboxOperator(connection, schema: schema).verify()
            self.facts = try DeskFacts(connection, schema: schema)
        }
    }

    /// A moment as Postgres reads it, such as `2026-01-31 12:00+01`, `yesterday` or `now`.
    ///
    /// - Throws: `PostgresError` of class 22 for a text that is no time; ``OperatorError`` for one in another age, such
    ///   as `infinity`.
    public func moment(_ text: String) throws -> Moment {
        var row = RowCursor(try query("SELECT $1::timestamptz", [.literal(text)]))
        let moment = try row.moment()
        // What is computed from a moment must stay one.
        guard OperationsLimits.moments.contains(moment.microseconds) else {
            throw OperatorError("'\(text)' is too far from now for a time")
        }
        return moment
    }

    /// So many seconds ago, by the server's clock.
    public func moment(secondsAgo seconds: Int64) throws -> Moment {
        Moment(microseconds: try now().microseconds - seconds * 1_000_000)
    }

    /// The server's clock.
    func now() throws -> Moment {
        var row = RowCursor(try query("SELECT clock_timestamp()"))
        return try row.moment()
    }

    // MARK: Statements

    /// Statements are planned each time: their best index depends on the values, and the connection may be a pooler's.
    func query(_ sql: String, _ parameters: [PostgresParameter] = []) throws -> PostgresResult {
        try connection.query(PostgresStatement(sql, isPlannedEachTime: true), parameters)
    }

    /// One snapshot for all statements of `body`, which must only read. BEGIN, settings and COMMIT are three further
    /// statements.
    ///
    /// Rows are walked in the order of an index, and others are looked up for each: a plan that reads a whole index, to
    /// sort it or to join it, looks cheap where statistics say that few rows match.
    ///
    /// - Parameter joinsManyRows: whether `body` joins two sets of many rows: looking one up for each of the other, as
    ///   above, would take the product of both.
    func reading<T>(joinsManyRows: Bool = false, _ body: () throws -> T) throws -> T {
        try connection.transaction(.repeatableRead, beginning: Self.bounds) {
            if joinsManyRows { try connection.execute("SET LOCAL enable_hashjoin = on") }
            return try body()
        }
    }

    /// The same for one statement: a transaction of two statements and one round trip.
    func answer(_ sql: String, _ parameters: [PostgresParameter] = []) throws -> PostgresResult {
        // Until the Sync the pipeline is one transaction, and the settings are local to it.
        let results = try connection.pipeline([
            PostgresQuery(PostgresStatement(Self.bounds, isPlannedEachTime: true)),
            PostgresQuery(PostgresStatement(sql, isPlannedEachTime: true), parameters),
        ])
        return results[1]
    }

    /// One statement for all settings of a transaction that reads.
    private static let bounds: String = {
        let off =
            ["jit"]
            + ["seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin", "material", "memoize"].map {
                "enable_" + $0
            }
        let settings =
            [("transaction_read_only", "on"), ("statement_timeout", "\(OperationsLimits.statementMilliseconds)")]
            + off.map { ($0, "off") }
        return "SELECT " + settings.map { "set_config('\($0.0)', '\($0.1)', true)" }.joined(separator: ", ")
    }()

    /// Whether this database has the order service's tables: an adopted outbox has none.
    func hasTable(_ name: String) throws -> Bool {
        var row = RowCursor(try query("SELECT to_regclass($1) IS NOT NULL", [.text(name)]))
        return try row.bool()
    }
}
