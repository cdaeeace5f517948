import Postgres

/// What the catalog says about a relay's schema, one line for each fact, without the names that differ between
/// outboxes.
enum RelayCatalog {
    /// Columns, constraints, indexes, sequences, views, functions, the trigger, comments, grants and versions. Not the
    /// query of the view `source`, which is the mapping of one table, nor the sequence of ids that adopting adds.
    private static let facts: PostgresStatement =
        """
        WITH relations AS (
            SELECT c.* FROM pg_class c
            WHERE c.relnamespace = quote_ident($1)::regnamespace AND NOT (c.relkind = 'S' AND c.relname = 'outbox_id')
        )
        SELECT format('%s %s %s %s %s null=%s default=%s identity=%s', c.relkind, c.relname, a.attnum, a.attname,
                      format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                      a.attidentity) AS line
        FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = quote_ident($1)::regnamespace
        UNION ALL
        SELECT indexdef FROM pg_indexes WHERE schemaname = $1
        UNION ALL
        SELECT format('sequence %s %s %s %s %s', c.relname, s.seqstart, s.seqmin, s.seqincrement, s.seqcache)
        FROM relations c JOIN pg_sequence s ON s.seqrelid = c.oid
        UNION ALL
        SELECT format('view %s %s', relname, pg_get_viewdef(oid)) FROM relations
        WHERE relkind = 'v' AND relname <> 'source'
        UNION ALL
        SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = quote_ident($1)::regnamespace
        UNION ALL
        SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE p.pronamespace = quote_ident($1)::regnamespace
        UNION ALL
        SELECT format('comment %s %s', relname, obj_description(oid, 'pg_class')) FROM relations
        WHERE relname <> 'source'
        UNION ALL
        SELECT format('grants %s %s', relname, relacl) FROM relations
        UNION ALL
        SELECT format('grants %s %s', proname, proacl) FROM pg_proc WHERE pronamespace = quote_ident($1)::regnamespace
        UNION ALL
        SELECT format('grants of the schema %s', nspacl) FROM pg_namespace WHERE nspname = $1
        ORDER BY line
        """

    static func lines(_ connection: PostgresConnection, schema: String) throws -> [String] {
        let rows = try connection.query(facts, [.text(schema)])
        let versions = try connection.query(
            PostgresStatement(
                """
                SELECT format('version %s %s', version, name)
                FROM \(PostgresConnection.quoteIdentifier(schema)).schema_version ORDER BY version
                """))
        let found = try (0..<rows.count).map { try rows.string($0, 0) }
        let recorded = try (0..<versions.count).map { try versions.string($0, 0) }
        return (found.map { plain($0, schema) } + recorded).sorted()
    }

    private static func plain(_ line: String, _ schema: String) -> String {
        line.replacing("'outbox_relay.wake'", with: "'WAKE'").replacing(schema, with: "S")
            .replacing(/CREATE TRIGGER \S+ AFTER INSERT ON \S+/, with: "CREATE TRIGGER T AFTER INSERT ON O")
            .replacing(/\(\d{6,}, 2\)/, with: "(L, 2)")
    }
}
