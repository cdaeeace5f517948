public import Postgres

/// Makes a table that somebody else designed usable as an outbox, while its service goes on writing.
///
/// Doing it twice changes nothing: what is there already is left alone.
public struct Adoption {
    private let connection: PostgresConnection
    private let options: AdoptionOptions

    /// - Parameter connection: of the table's owner; statements may take as long as building an index takes, so it
    ///   should have no statement deadline.
    public init(_ connection: PostgresConnection, _ options: AdoptionOptions) {
        self.connection = connection
        self.options = options
    }

    /// What is to be done. Changes nothing.
    ///
    /// - Throws: ``OutboxError`` with everything that stands in the way.
    public func plan() throws -> AdoptionPlan {
        var facts = try TableFactsReader(connection: connection).read(options.table, schema: options.schema)
        if options.existing == .publish, facts.hasRows, facts.isOwned, facts.kind == "r", facts.relay.outbox == nil {
            facts.updateRefusal = try UpdateProbe(connection: connection, facts: facts).refusal()
        }
        return try AdoptionPlanner.plan(facts, options)
    }

    /// Does it, step by step. After a failure, doing it again goes on where it stopped.
    ///
    /// - Parameter report: called before each step, and whenever the table is busy.
    /// - Returns: the number of steps done.
    public func apply(report: (String) -> Void) throws -> Int {
        // A pooler numbers its clients itself.
        guard try connection.query("SELECT pg_backend_pid()").int32(0, 0) == connection.backendPID else {
            throw OutboxError(
                .configuration,
                "a connection pooler is in between, and would lend the lock of this adoption to others: connect to Postgres itself"
            )
        }
        let lock: [PostgresParameter] = [.int4(RelayNames(schema: options.schema, outbox: "").lockClass), .int4(3)]
        guard try connection.query("SELECT pg_try_advisory_lock($1, $2)", lock).bool(0, 0) else {
            throw OutboxError(.schema, "somebody else is adopting into the schema \(options.schema) right now")
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
                .schema,
                "done, but still missing: \(left.joined(separator: "; ")). Somebody changed the table meanwhile; adopt again"
            )
        }
        return plan.steps.count
    }

    private func perform(_ step: AdoptionPlan.Step, _ report: (String) -> Void) throws {
        guard step.mode == .transaction else { return try connection.execute(step.sql) }
        for attempt in 1...OutboxLimits.adoptionLockTries {
            do {
                try connection.transaction {
                    try connection.execute("SET LOCAL lock_timeout = \(OutboxLimits.adoptionLockMilliseconds)")
                    try connection.execute(step.sql)
                }
                return
            } catch let error as PostgresError
                where error.sqlState == SQLState.lockNotAvailable && attempt < OutboxLimits.adoptionLockTries
            {
                if attempt == 1 { report("  the table is in use; trying again until there is a gap") }
                // Whoever queued up behind the request gets the table for a while.
                try connection.execute("SELECT pg_sleep(\(OutboxLimits.adoptionPauseMilliseconds) / 1000.0)")
            }
        }
    }
}
