/// Applies the files of `migrations/` forward, each once, in order of version.
///
/// One runner works at a time (an advisory lock); each file runs in a transaction of its own, together with its row in
/// `schema_migration`. A file that was applied and is now missing or edited is refused: history is not rewritten.
public struct MigrationRunner: Sendable {
    private let migrations: [Migration]

    /// The key of the advisory lock: a constant that nothing else in the database uses.
    static let lockKey: Int64 = 0x6F75_7462_6F78_0001

    /// Reads all `V*.sql` files of `directory`.
    ///
    /// - Throws: ``PostgresError`` with code `migration` when the directory cannot be read, a file is not named as it
    ///   should be, or two have the same version.
    public init(directory: String) throws(PostgresError) {
        migrations = try MigrationDirectory.read(directory)
    }

    /// Brings the database up to date. Blocks; a second runner waits for the first.
    ///
    /// - Returns: the names of the files that it applied, in order; empty if there was nothing to do.
    /// - Throws: ``PostgresError``: with code `migration` when the database and the files contradict each other,
    ///   otherwise of the statement that failed, its message beginning with the name of the file.
    public func migrate(_ connection: PostgresConnection) throws -> [String] {
        try connection.query("SELECT pg_advisory_lock($1)", [.int8(Self.lockKey)])
        defer { _ = try? connection.query("SELECT pg_advisory_unlock($1)", [.int8(Self.lockKey)]) }
        try connection.execute(Self.historyTable)
        let applied = try history(connection)
        try refuseUnknown(applied)
        assert(zip(migrations, migrations.dropFirst()).allSatisfy { $0.version < $1.version }, "in order of version")
        return try migrations.compactMap { migration in
            let checksum = try checksum(of: migration, connection)
            if let known = applied[migration.version] {
                try refuseEdited(migration, known: known, found: checksum)
                return nil
            }
            try apply(migration, checksum: checksum, connection)
            return migration.fileName
        }
    }

    private static let historyTable = """
        CREATE TABLE IF NOT EXISTS schema_migration (
            version    integer     PRIMARY KEY,
            name       text        NOT NULL,
            checksum   text        NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """

    /// The checksums of the applied migrations, by version.
    private func history(_ connection: PostgresConnection) throws -> [Int: String] {
        let rows = try connection.query("SELECT version, checksum FROM schema_migration ORDER BY version")
        var checksums: [Int: String] = [:]
        for row in 0..<rows.count { checksums[Int(try rows.int32(row, 0))] = try rows.string(row, 1) }
        return checksums
    }

    /// SHA-256 in hexadecimal, computed by the server.
    private func checksum(of migration: Migration, _ connection: PostgresConnection) throws -> String {
        let rows = try connection.query("SELECT encode(sha256($1), 'hex')", [.bytea(migration.sql)])
        return try rows.string(0, 0)
    }

    private func refuseUnknown(_ applied: [Int: String]) throws {
        let versions = Set(migrations.map(\.version))
        guard let missing = applied.keys.filter({ !versions.contains($0) }).min() else { return }
        throw PostgresError(
            .migration,
            "the database has migration \(missing), which these files lack: run the newer release's migrations")
    }

    private func refuseEdited(_ migration: Migration, known: String, found: String) throws {
        guard known != found else { return }
        throw PostgresError(
            .migration,
            "\(migration.fileName) was edited after it was applied: restore it and add a new migration instead")
    }

    private func apply(_ migration: Migration, checksum: String, _ connection: PostgresConnection) throws {
        do {
            try connection.transaction {
                try connection.execute(String(decoding: migration.sql, as: UTF8.self))
                try connection.query(
                    "INSERT INTO schema_migration (version, name, checksum) VALUES ($1, $2, $3)",
                    [.int4(Int32(migration.version)), .text(migration.name), .text(checksum)])
            }
        } catch let error as PostgresError {
            var named = error
            named.message = "\(migration.fileName): \(error.message)"
            throw named
        }
    }
}
