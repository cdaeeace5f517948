import Outbox
import Postgres

/// Asks the catalog about a table.
struct TableFactsReader {
    let connection: PostgresConnection

    private static let table: PostgresStatement =
        """
        SELECT c.oid::bigint, format('%I.%I', n.nspname, c.relname), c.relkind::text, c.relpersistence::text,
               coalesce(s.n_tup_ins, 0), coalesce(s.n_tup_del, 0), pg_has_role(c.relowner, 'USAGE'),
               has_database_privilege(current_database(), 'CREATE'), current_user::text,
               pg_get_userbyid(c.relowner)::text, current_setting('server_version_num')::int, c.relispartition,
               c.reloftype <> 0, has_schema_privilege(n.oid, 'CREATE'),
               current_setting('max_prepared_transactions')::int,
               (SELECT string_agg(pubname, E'\\n' ORDER BY pubname) FROM pg_publication_tables
                WHERE schemaname = n.nspname AND tablename = c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
        WHERE c.oid = to_regclass($1)
        """

    private enum TableColumn: Int {
        case oid, name, kind, persistence, rowsInserted, rowsDeleted, isOwned, mayCreateSchema, user, owner
        case serverVersion, isPartition, isTyped, mayCreateBeside, maxPreparedTransactions, publications
    }

    /// A default's sequence is found by what the default depends on; an identity's by what depends on the column.
    private static let columns: PostgresStatement =
        """
        WITH RECURSIVE base (type, oid) AS (
            SELECT DISTINCT atttypid, atttypid FROM pg_attribute WHERE attrelid = $1::oid
            UNION ALL
            SELECT base.type, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.oid WHERE t.typtype = 'd'
        )
        SELECT a.attname::text, format_type(t.oid, NULL), a.attnotnull, a.attidentity <> '',
               pg_get_expr(d.adbin, d.adrelid), q.cache, coalesce(q.increment, 1), q.schema,
               a.attgenerated = '' AND a.attidentity <> 'a' AND NOT EXISTS (
                   SELECT FROM pg_trigger g WHERE g.tgrelid = a.attrelid AND a.attnum = ANY (g.tgattr::int2[]))
        FROM pg_attribute a JOIN base b ON b.type = a.atttypid JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        CROSS JOIN LATERAL (
            SELECT max(q.seqcache) AS cache, min(q.seqincrement) AS increment, min(n.nspname::text) AS schema
            FROM pg_sequence q JOIN pg_class s ON s.oid = q.seqrelid JOIN pg_namespace n ON n.oid = s.relnamespace
            JOIN pg_depend p ON
                p.classid = 'pg_class'::regclass AND p.objid = q.seqrelid AND p.refclassid = 'pg_class'::regclass
                    AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum
                OR p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
                    AND p.refobjid = q.seqrelid) AS q
        WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """

    private enum ColumnColumn: Int {
        case name, type, isNotNull, isIdentity, defaultExpression
        case sequenceCache, sequenceIncrement, sequenceSchema, isSettable
    }

    private static let indexes: PostgresStatement =
        """
        SELECT i.relname::text, x.indisvalid AND x.indisready, x.indpred IS NOT NULL,
               (SELECT string_agg(coalesce(a.attname::text, '('), E'\\n' ORDER BY k.position)
                FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (number, position)
                LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number
                WHERE k.position <= x.indnkeyatts)
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = $1::oid ORDER BY 1
        """

    private enum IndexColumn: Int { case name, isValid, isPartial, columns }

    /// - Parameters:
    ///   - table: as SQL names it.
    ///   - schema: the relay's schema, not quoted.
    /// - Throws: ``OutboxError`` with code `schema` when there is no such table.
    func read(_ table: String, schema: String) throws -> TableFacts {
        let rows = try row(table)
        let text = { (column: TableColumn) in try rows.string(0, column) }
        let flag = { (column: TableColumn) in try rows.bool(0, column) }
        let oid = PostgresParameter.literal(String(try rows.int64(0, TableColumn.oid)))
        var facts = TableFacts(name: try text(.name), columns: try columns(oid))
        facts.kind = try text(.kind)
        facts.persistence = try text(.persistence)
        facts.rowsInserted = try rows.int64(0, TableColumn.rowsInserted)
        facts.rowsDeleted = try rows.int64(0, TableColumn.rowsDeleted)
        facts.isOwned = try flag(.isOwned)
        facts.mayCreateSchema = try flag(.mayCreateSchema)
        facts.user = try text(.user)
        facts.owner = try text(.owner)
        facts.serverVersion = try rows.int32(0, TableColumn.serverVersion)
        facts.isPartition = try flag(.isPartition)
        facts.isTyped = try flag(.isTyped)
        facts.mayCreateBeside = try flag(.mayCreateBeside)
        facts.maxPreparedTransactions = try rows.int32(0, TableColumn.maxPreparedTransactions)
        facts.publications = Self.lines(rows.optionalString(0, TableColumn.publications))
        facts.indexes = try indexes(oid)
        try RelayFactsReader(connection: connection, table: oid, schema: schema).read(into: &facts)
        if facts.isOwned { try readRows(into: &facts) }
        return facts
    }

    /// The items of a `string_agg` with line breaks.
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
                """
                --table: write the name as SQL does, app.outbox or '"App"."Outbox"'; '\(table)' is no such name \
                (\(error.message))
                """)
        }
        throw OutboxError(
            .schema, "--table: there is no table \(table) in this database (write the name as SQL does)")
    }

    /// Whether there are rows, and rows that the relay will not read.
    private func readRows(into facts: inout TableFacts) throws {
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
            let text = { (column: ColumnColumn) in try rows.string(row, column) }
            let flag = { (column: ColumnColumn) in try rows.bool(row, column) }
            let isDrawn = !rows.isNull(row, ColumnColumn.sequenceCache)
            return TableFacts.Column(
                name: try text(.name), type: try text(.type), isNotNull: try flag(.isNotNull),
                isIdentity: try flag(.isIdentity),
                defaultExpression: rows.optionalString(row, ColumnColumn.defaultExpression),
                sequenceCache: isDrawn ? try rows.int64(row, ColumnColumn.sequenceCache) : nil,
                sequenceIncrement: try rows.int64(row, ColumnColumn.sequenceIncrement),
                sequenceSchema: rows.optionalString(row, ColumnColumn.sequenceSchema),
                isSettable: try flag(.isSettable))
        }
    }

    private func indexes(_ table: PostgresParameter) throws -> [TableFacts.Index] {
        let rows = try connection.query(Self.indexes, [table])
        return try (0..<rows.count).map { row in
            TableFacts.Index(
                name: try rows.string(row, IndexColumn.name),
                isValid: try rows.bool(row, IndexColumn.isValid),
                isPartial: try rows.bool(row, IndexColumn.isPartial),
                columns: Self.lines(rows.optionalString(row, IndexColumn.columns)))
        }
    }
}
