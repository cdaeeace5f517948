import Outbox
public import Postgres

/// Brings a relay's schema to the version of this program, also while a relay works on it.
public struct RelaySchemaUpgrade {
    private let connection: PostgresConnection
    private let schema: String

    /// - Parameters:
    ///   - connection: of the schema's owner.
    ///   - schema: the relay's schema, as in `RELAY_SCHEMA`.
    public init(_ connection: PostgresConnection, schema: String) {
        self.connection = connection
        self.schema = schema
    }

    /// Applies all versions that are missing, in one transaction that gives up soon when it does not get its locks, and
    /// is tried again.
    ///
    /// - Parameters:
    ///   - decision: is recorded if anything was applied; nil leaves no record.
    ///   - report: called with a line when a table is busy.
    /// - Returns: a line for each version applied; empty if there was nothing to do.
    /// - Throws: ``OutboxError`` with code `notMigrated` when there is no such schema, with code `schema` when it is of
    ///   a newer release; `PostgresError` when the locks were not granted in the end.
    public func apply(as decision: SetUpDecision? = nil, report: (String) -> Void = { _ in }) throws -> [String] {
        let identity = try RelayIdentity.read(connection, schema: schema)
        let names = RelayNames(identity, schema: schema)
        return try AdoptionTransaction(connection).run(report) {
            // Two upgrades, or one and an adoption: the second finds what the first did.
            try connection.query("SELECT pg_advisory_xact_lock($1, $2)", names.adoptionLock)
            let state = try RelaySchema.state(connection, schema: schema)
            if let fault = Self.fault(state, schema) { throw OutboxError(.schema, fault) }
            guard !state.isCurrent else { return [] }
            try connection.execute(RelaySchemaSQL(names: names).upgrade(from: state))
            let applied = words(state)
            try decision?.record(.upgrade, applied, connection, schema: schema)
            return applied
        }
    }

    /// What ``apply(as:report:)`` would do, a line for each version.
    ///
    /// - Throws: as ``apply(as:report:)``.
    public func missing() throws -> [String] {
        _ = try RelayIdentity.read(connection, schema: schema)
        let state = try RelaySchema.state(connection, schema: schema)
        if let fault = Self.fault(state, schema) { throw OutboxError(.schema, fault) }
        return state.isCurrent ? [] : words(state)
    }

    private func words(_ state: RelaySchema.State) -> [String] {
        let missing = state.missing.map { "version \($0.number) of the relay's schema \(schema): \($0.name)" }
        return missing.isEmpty
            ? ["the version \(state.version) of the relay's schema \(schema), now recorded"] : missing
    }

    /// Why this program cannot upgrade a schema, if so.
    static func fault(_ state: RelaySchema.State, _ schema: String) -> String? {
        guard state.version > RelaySchema.newest else { return nil }
        return
            "use the newer release's outboxctl: the schema \(schema) has version \(state.version), and this program "
            + "knows \(RelaySchema.newest)"
    }

    /// What `outboxctl migrate` does: the files of `directory`, then the relay's schema that they made.
    ///
    /// - Parameters:
    ///   - directory: the folder of the `V*.sql` files.
    ///   - connection: of the database's owner, without a statement deadline: another runner is waited for.
    ///   - decision: is recorded if the relay's schema was there before and was upgraded.
    /// - Returns: what was applied, in order; empty if there was nothing to do.
    /// - Throws: `PostgresError` with code `migration` for a fault in the files or in the history; ``OutboxError`` as
    ///   ``apply(as:report:)``.
    public static func migrate(
        directory: String, _ connection: PostgresConnection, as decision: SetUpDecision? = nil
    ) throws -> [String] {
        let schema = "outbox_relay"
        let wasThere = try RelaySchema.state(connection, schema: schema).version > 0
        let files = try MigrationRunner(directory: directory).migrate(connection)
        return try files + RelaySchemaUpgrade(connection, schema: schema).apply(as: wasThere ? decision : nil)
    }
}

/// A transaction that asks for the locks of tables in use: each try waits for
/// ``AdoptionLimits/lockMilliseconds`` at most, because writers queue up behind it, and leaves them a pause.
struct AdoptionTransaction {
    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// - Parameter report: called once if the first try was in vain.
    /// - Throws: what `body` throws; `PostgresError` with the state `lockNotAvailable` after
    ///   ``AdoptionLimits/lockTries`` tries.
    func run<T>(_ report: (String) -> Void, _ body: () throws -> T) throws -> T {
        var tries = 1
        while true {
            do {
                return try connection.transaction {
                    try connection.execute("SET LOCAL lock_timeout = \(AdoptionLimits.lockMilliseconds)")
                    return try body()
                }
            } catch let error as PostgresError
                where error.sqlState == SQLState.lockNotAvailable && tries < AdoptionLimits.lockTries
            {
                if tries == 1 { report("  the table is in use; trying again until there is a gap") }
                tries += 1
                // The sessions that queued up behind the request get the table for a while.
                try connection.execute("SELECT pg_sleep(\(AdoptionLimits.pauseMilliseconds) / 1000.0)")
            }
        }
    }
}
