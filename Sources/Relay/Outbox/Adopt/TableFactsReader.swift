import Postgres

/// Asks the catalog about a table.
struct TableFactsReader {
    let connection: PostgresConnection

    private static let table: PostgresStatement =
        """
        SELECT c.oid::bigint, format('%I.%I', n.nspname, c.relname), c.relkind::text, c.relpersistence::text,
               coalesce(s.n_tup_ins, 0), coalesce(s.n_tup_del, 0), pg_has_role(c.relowner, 'USAGE'),
               has_database_privilege(current_database(), 'CREATE'), current_user::text,
               pg_get_userbyid(c.relowner)::text, current_setting('server_version_num')::int, c.relispartition, c.reloftype <> 0,
               has_schema_privilege(n.oid, 'CREATE'), current_setting('max_prepared_transactions')::int,
               (SELECT string_agg(pubname, E'\\n' ORDER BY pubname) FROM pg_publication_tables
                WHERE schemaname = n.nspname AND tablename = c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
        WHERE c.oid = to_regclass($1)
        """
    /// A default's sequence is found by what the default depends on; an identity's by what depends on the column.
    private static let columns: PostgresStatement =
        """
        WITH RECURSIVE base (type, oid) AS (
            SELECT DISTINCT atttypid, atttypid FROM pg_attribute WHERE attrelid = $1::oid
            UNION ALL
            SELECT base.type, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.oid WHERE t.typtype = 'd'
        )
        SELECT a.attname::text, format_type(t.oid, NULL), a.attnotnull, a.attidentity <> '', pg_get_expr(d.adbin, d.adrelid),
               q.cache, coalesce(q.increment, 1), q.schema,
               a.attgenerated = '' AND a.attidentity <> 'a' AND NOT EXISTS (
                   SELECT FROM pg_trigger g WHERE g.tgrelid = a.attrelid AND a.attnum = ANY (g.tgattr::int2[]))
        FROM pg_attribute a JOIN base b ON b.type = a.atttypid JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        CROSS JOIN LATERAL (
            SELECT max(q.seqcache) AS cache, min(q.seqincrement) AS increment, min(n.nspname::text) AS schema
            FROM pg_sequence q JOIN pg_class s ON s.oid = q.seqrelid JOIN pg_namespace n ON n.oid = s.relnamespace JOIN pg_depend p ON
                p.classid = 'pg_class'::regclass AND p.objid = q.seqrelid AND p.refclassid = 'pg_class'::regclass
                    AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum
                OR p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
                    AND p.refobjid = q.seqrelid) AS q
        WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """
    private static let indexes: PostgresStatement =
        """
        SELECT i.relname::text, x.indisvalid AND x.indisready, x.indpred IS NOT NULL,
               (SELECT string_agg(coalesce(a.attname::text, '('), E'\\n' ORDER BY k.position)
                FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (number, position)
                LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number
                WHERE k.position <= x.indnkeyatts)
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = $1::oid ORDER BY 1
        """
    /// - Parameter schema: the relay's schema.
    /// - Throws: ``OutboxError`` when there is no such table.
    func read(_ table: String, schema: String) throws -> TableFacts {
        let rows = try row(table)
        let oid = PostgresParameter.literal(String(try rows.int64(0, 0)))
        var facts = TableFacts(name: try rows.string(0, 1), columns: try columns(oid))
        facts.kind = try rows.string(0, 2)
        facts.persistence = try rows.string(0, 3)
        facts.rowsInserted = try rows.int64(0, 4)
        facts.rowsDeleted = try rows.int64(0, 5)
        facts.isOwned = try rows.bool(0, 6)
        facts.mayCreateSchema = try rows.bool(0, 7)
        facts.user = try rows.string(0, 8)
        facts.owner = try rows.string(0, 9)
        facts.serverVersion = try rows.int32(0, 10)
        facts.isPartition = try rows.bool(0, 11)
        facts.isTyped = try rows.bool(0, 12)
        facts.mayCreateBeside = try rows.bool(0, 13)
        facts.maxPreparedTransactions = try rows.int32(0, 14)
        facts.publications = Self.lines(rows.optionalString(0, 15))
        facts.indexes = try indexes(oid)
        try RelayFactsReader(connection: connection, table: oid, schema: schema).read(into: &facts)
        if facts.isOwned { try look(into: &facts) }
        return facts
    }

    static func lines(_ text: String?) -> [String] { (text ?? "").split(separator: "\n").map { String($0) } }

    private func row(_ table: String) throws -> PostgresResult {
        do {
            let rows = try connection.query(Self.table, [.text(table)])
            if rows.count == 1 { return rows }
        } catch {
            // An invalid name, one with too many dots, one of another database.
            guard [SQLState.invalidName, SQLState.syntaxError, SQLState.featureNotSupported].contains(error.sqlState)
            else { throw error }
            throw OutboxError(
                .schema,
                "--table: '\(table)' is no name as SQL writes it: app.outbox, or '\"App\".\"Outbox\"' (\(error.message))"
            )
        }
        throw OutboxError(
            .schema, "--table: there is no table \(table) in this database (names are read as SQL reads them)")
    }

    /// Whether there are rows, and such as the relay will not read.
    private func look(into facts: inout TableFacts) throws {
        facts.hasRows = try exists(facts.name)
        let transaction = facts.columns.first { $0.isTransactionID }.map { PostgresConnection.quoteIdentifier($0.name) }
        facts.hasUnnumberedRows =
            try transaction.map { try exists("\(facts.name) WHERE \($0) IS NULL") } ?? facts.hasRows
    }

    private func exists(_ source: String) throws -> Bool {
        try connection.query(PostgresStatement("SELECT EXISTS (SELECT FROM \(source))")).bool(0, 0)
    }

    private func columns(_ table: PostgresParameter) throws -> [TableFacts.Column] {
        let rows = try connection.query(Self.columns, [table])
        return try (0..<rows.count).map { row in
            TableFacts.Column(
                name: try rows.string(row, 0), type: try rows.string(row, 1), isNotNull: try rows.bool(row, 2),
                isIdentity: try rows.bool(row, 3), defaultExpression: rows.optionalString(row, 4),
                sequenceCache: rows.isNull(row, 5) ? nil : try rows.int64(row, 5),
                sequenceIncrement: try rows.int64(row, 6),
                sequenceSchema: rows.optionalString(row, 7), isSettable: try rows.bool(row, 8))
        }
    }

    private func indexes(_ table: PostgresParameter) throws -> [TableFacts.Index] {
        let rows = try connection.query(Self.indexes, [table])
        return try (0..<rows.count).map { row in
            TableFacts.Index(
                name: try rows.string(row, 0), isValid: try rows.bool(row, 1), isPartial: try rows.bool(row, 2),
                columns: Self.lines(rows.optionalString(row, 3)))
        }
    }
}
