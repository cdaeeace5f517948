import Outbox
import Postgres

/// The relay's schema: what the relay keeps about one outbox, in versions that only go forward.
///
/// It is written once, in the files of `Schema/`, which are embedded into the program. `outboxctl adopt` applies all of
/// them to a new schema, and the missing ones to an older schema; `outboxctl upgrade` and, after the files of
/// `migrations/`, `outboxctl migrate` apply the missing ones. Each version that was applied is a row of the schema's
/// table `schema_version`.
///
/// The schema of this project's own outbox begins as migrations V0003 and V0006, which were released before there were
/// versions and stay as they are: they make what versions 1 and 2 make. So does the adoption of those releases. A
/// schema without `schema_version` is therefore at version 1 or 2, which its columns tell, and goes on from there.
///
/// A change is a new file with the next number. A file that was released is never edited.
enum RelaySchema {
    /// One file of `Schema/`.
    struct Version: Sendable {
        /// From 1, without gaps.
        var number: Int
        /// What the version brings, as in the file's name.
        var name: String
        /// The file's bytes, with the names of an outbox left open; see ``RelaySchemaSQL``.
        var template: [UInt8]
    }

    static let versions = [
        Version(number: 1, name: "tables", template: PackageResources.relay_0001_tables_sql),
        Version(number: 2, name: "parked_retry", template: PackageResources.relay_0002_parked_retry_sql),
        Version(number: 3, name: "operator_views", template: PackageResources.relay_0003_operator_views_sql),
        Version(number: 4, name: "operations", template: PackageResources.relay_0004_operations_sql),
        Version(number: 5, name: "record_loss", template: PackageResources.relay_0005_record_loss_sql),
        Version(number: 6, name: "bulk", template: PackageResources.relay_0006_bulk_sql),
        Version(number: 7, name: "setup_decisions", template: PackageResources.relay_0007_setup_decisions_sql),
        Version(number: 8, name: "amended", template: PackageResources.relay_0008_amended_sql),
    ]

    /// The version that this program makes.
    static var newest: Int { versions.count }

    /// Which version a schema has.
    struct State: Equatable, Sendable {
        /// 0 where the schema has no relay.
        var version: Int
        /// Whether the schema has the table of versions.
        var isRecorded: Bool

        static let current = State(version: RelaySchema.newest, isRecorded: true)

        var isCurrent: Bool { isRecorded && version >= RelaySchema.newest }

        /// What the schema lacks, in order.
        var missing: [Version] { RelaySchema.versions.filter { $0.number > version } }
    }

    private static let unrecorded: PostgresStatement =
        """
        SELECT to_regclass(format('%I.schema_version', $1)) IS NOT NULL,
               CASE WHEN to_regclass(format('%I.relay', $1)) IS NULL THEN 0
                    WHEN NOT EXISTS (
                        SELECT FROM pg_attribute
                        WHERE attrelid = to_regclass(format('%I.parked', $1)) AND attname = 'retry_at') THEN 1
                    ELSE 2 END
        """

    private enum Column: Int { case isRecorded, version }

    /// - Parameter schema: the schema's name, not quoted. It need not be there.
    static func state(_ connection: PostgresConnection, schema: String) throws -> State {
        let rows = try connection.query(unrecorded, [.text(schema)])
        guard try rows.bool(0, Column.isRecorded) else {
            return State(version: Int(try rows.int32(0, Column.version)), isRecorded: false)
        }
        let table = PostgresConnection.quoteIdentifier(schema) + ".schema_version"
        let recorded = try connection.query(PostgresStatement("SELECT coalesce(max(version), 0) FROM \(table)"))
        return State(version: Int(try recorded.int32(0, 0)), isRecorded: true)
    }
}
