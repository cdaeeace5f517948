import Outbox
public import Postgres

/// Makes a table that another team designed usable as an outbox, while its service goes on writing.
///
/// Doing it twice changes nothing: what is there already is left alone. A relay's schema of an earlier release is
/// brought up to date.
public struct Adoption {
    private let connection: PostgresConnection
    private let options: AdoptionOptions

    /// - Parameters:
    ///   - connection: of the table's owner. It should have no statement deadline: building the index of a large table
    ///     takes long.
    ///   - options: which table, and how it is read.
    public init(_ connection: PostgresConnection, _ options: AdoptionOptions) {
        self.connection = connection
        self.options = options
    }

    /// Finds out what is to be done. Changes nothing.
    ///
    /// - Throws: ``OutboxError`` with code `schema`, whose message lists everything that stands in the way;
    ///   `PostgresError`.
    public func plan() throws -> AdoptionPlan {
        var facts = try TableFactsReader(connection: connection).read(options.table, schema: options.schema)
        if options.existing == .publish, facts.hasRows, facts.isOwned, facts.kind == "r", facts.relay.outbox == nil {
            facts.updateRefusal = try UpdateProbe(connection: connection, facts: facts).refusal()
        }
        return try AdoptionPlanner.plan(facts, options)
    }

    /// Does it, step by step. After a failure, doing it again goes on where it stopped.
    ///
    /// - Parameters:
    ///   - decision: is recorded if anything was done; nil leaves no record.
    ///   - report: called with a line before each step, and whenever the table is busy.
    /// - Returns: the number of steps done; 0 if there was nothing to do.
    /// - Throws: as ``plan()``; also ``OutboxError`` with code `configuration` behind a connection pooler, and with
    ///   code `schema` while another session adopts into the same schema.
    public func apply(as decision: SetUpDecision? = nil, report: (String) -> Void) throws -> Int {
        // A pooler numbers its clients itself.
        guard try connection.query("SELECT pg_backend_pid()").int32(0, 0) == connection.backendPID else {
            throw OutboxError(
                .configuration,
                """
                connect to Postgres itself: a connection pooler is in between, and would lend this adoption's lock to \
                others
                """)
        }
        let lock = RelayNames(schema: options.schema, outbox: "").adoptionLock
        guard try connection.query("SELECT pg_try_advisory_lock($1, $2)", lock).bool(0, 0) else {
            throw OutboxError(
                .schema, "try again later: another session is adopting into the schema \(options.schema) right now")
        }
        defer { _ = try? connection.query("SELECT pg_advisory_unlock($1, $2)", lock) }
        let plan = try plan()
        for (index, step) in plan.steps.enumerated() {
            report("\(index + 1)/\(plan.steps.count) \(step.title)")
            try perform(step, report)
        }
        let left = try self.plan().steps.map(\.title)
        guard left.isEmpty else {
            throw OutboxError(
                .schema, "adopt again: the table was changed meanwhile, and lacks \(left.joined(separator: "; "))")
        }
        if !plan.steps.isEmpty {
            try decision?.record(.adopt, plan.steps.map(\.title), connection, schema: options.schema)
        }
        return plan.steps.count
    }

    private func perform(_ step: AdoptionPlan.Step, _ report: (String) -> Void) throws {
        guard step.mode == .transaction else { return try connection.execute(step.sql) }
        try AdoptionTransaction(connection).run(report) { try connection.execute(step.sql) }
    }
}

/// What a team says about the table it wants forwarded.
public struct AdoptionOptions: Sendable {
    /// What becomes of rows that are there when the table is adopted.
    public enum ExistingRows: String, CaseIterable, Sendable {
        /// They are published first, in their order.
        case publish
        /// They count as published already.
        case skip
    }

    /// The table as SQL names it: `app.outbox`, or `"App"."Outbox"`.
    public var table: String
    /// The schema for the relay's own tables, as in `RELAY_SCHEMA`, not quoted; at most 63 bytes. One per outbox.
    public var schema = "outbox_relay"
    /// The table's column for a name the relay knows (the raw values of ``SourceColumn``), where the usual names do not
    /// fit.
    public var columns: [String: String] = [:]
    /// Header name and column for each header, at most 50. nil leaves them as they are; at first it makes a header of
    /// every column that has no other use.
    public var headers: [(name: String, column: String)]?
    /// Makes a header of every column that has no other use, also where an earlier choice left some out.
    public var hasAllHeaders = false
    /// nil is taken for an empty table only.
    public var existing: ExistingRows?
    /// The column that tells the order of existing rows, or `ctid` for their place in the table, which is no order.
    /// Default: see relay/README.md.
    public var order: String?

    /// Everything but the table as by default.
    public init(table: String) {
        self.table = table
    }
}
