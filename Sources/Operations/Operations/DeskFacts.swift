import Outbox
import Postgres

/// What a desk knows about its database from the beginning: what it may read there does not change while it works.
public struct DeskFacts: Sendable {
    /// Work whose table is there and may be read.
    let visibleWork: Set<OpenWork.Kind>

    /// - Parameter schema: the relay's schema, not quoted.
    /// - Throws: `OutboxError` with code `notMigrated` for a schema of an earlier release: the statements of desks read
    ///   tables and columns that it does not have.
    init(_ connection: PostgresConnection, schema: String) throws {
        let quoted = PostgresConnection.quoteIdentifier(schema)
        let tables: [(kind: OpenWork.Kind?, name: String)] = [
            (nil, "\(quoted).amended"), (.bulk, "\(quoted).bulk"), (.replay, "\(quoted).replay"),
            (.rebuild, "order_projection_rebuild"),
        ]
        var names = PostgresArray(.text, reserving: tables.count)
        for table in tables { names.append(table.name) }
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT to_regclass(name) IS NOT NULL,
                       coalesce(has_table_privilege(to_regclass(name)::oid, 'SELECT'), false)
                FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place) ORDER BY place
                """, isPlannedEachTime: true), [.array(names)])
        guard try rows.bool(0, 0) else {
            throw OutboxError(
                .notMigrated,
                "the schema \(schema) is older than this program: run outboxctl upgrade (or outboxctl migrate) as its "
                    + "owner")
        }
        let isReadable = try (0..<rows.count).map { try rows.bool($0, 1) }
        visibleWork = Set(zip(tables, isReadable).compactMap { $0.1 ? $0.0.kind : nil })
    }
}
