import Postgres
import TestKit
import Testing

@testable import Outbox

/// The relay reads the migrated schema and an adopted one with the same statements: they must have the same shape.
/// Whoever changes migrations/ changes `RelaySchemaSQL` too.
@Suite struct AdoptedShapeTests {
    private static let shape: PostgresStatement =
        """
        SELECT format('%s %s %s %s null=%s default=%s identity=%s', c.relkind, c.relname, a.attname,
                      format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
                      replace(pg_get_expr(d.adbin, d.adrelid), $1, 'S'), a.attidentity) AS line
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = quote_ident($1)::regnamespace AND a.attnum > 0
          AND c.relname NOT IN ('outbox_state', 'relay_state') AND NOT (c.relkind = 'S' AND c.relname = 'outbox_id')
        UNION ALL
        SELECT format('constraint %s %s', conrelid::regclass::text LIKE '%parked', replace(pg_get_constraintdef(oid), $1, 'S'))
        FROM pg_constraint WHERE connamespace = quote_ident($1)::regnamespace
        UNION ALL
        SELECT replace(indexdef, $1 || '.', '') FROM pg_indexes WHERE schemaname = $1
        UNION ALL
        SELECT format('function %s returns %s', proname, prorettype::regtype)
        FROM pg_proc WHERE pronamespace = quote_ident($1)::regnamespace
        ORDER BY line
        """

    @Test func anAdoptedSchemaIsLikeTheMigratedOne() async throws {
        let migrated = try await Self.shape(TestPostgres.configuration(), "outbox_relay")
        let outbox = try await ForeignOutbox()
        try await onThread {
            var options = outbox.options
            options.schema = "odd_relay"
            _ = try Adoption(outbox.connect(), options).apply { _ in }
        }
        let adopted = try await Self.shape(outbox.postgres, "odd_relay")
        #expect(migrated.count > 40)
        let missing = migrated.filter { !adopted.contains($0) }
        let extra = adopted.filter { !migrated.contains($0) }
        #expect(
            missing.isEmpty && extra.isEmpty,
            "change RelaySchemaSQL with the migrations: missing \(missing), extra \(extra)")
    }

    private static func shape(_ postgres: PostgresConfiguration, _ schema: String) async throws -> [String] {
        try await onThread {
            let rows = try PostgresConnection(postgres).query(shape, [.text(schema)])
            return try (0..<rows.count).map { try rows.string($0, 0) }
        }
    }
}
