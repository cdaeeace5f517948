internal import Postgres

/// Asks the catalog about a table.
struct TableFactsReader {
    let connection: PostgresConnection

    private static let table: PostgresStatement =
        """
        SELECT c.oid::bigint, format('%I.%I', n.nspname, c.relname), c.relkind::text, c.relpersistence::text,
               coalesce(s.n_tup_ins, 0), coalesce(s.n_tup_del, 0), pg_has_role(c.relowner, 'USAGE'),
               has_database_privilege(current_database(), 'CREATE'), current_user::text,
               pg_get_userbyid(c.relowner)::text, current_setting('server_version_num')::int
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
        WHERE c.oid = to_regclass($1)
        """
    /// A default's sequence is found by what the default depends on; an identity's by what depends on the column.
    private static let columns: PostgresStatement =
        """
        SELECT a.attname::text, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL), a.attnotnull,
               a.attidentity <> '', pg_get_expr(d.adbin, d.adrelid),
               (SELECT max(q.seqcache) FROM pg_sequence q JOIN pg_depend p ON
                   p.classid = 'pg_class'::regclass AND p.objid = q.seqrelid AND p.refclassid = 'pg_class'::regclass
                       AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum
                   OR p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
                       AND p.refobjid = q.seqrelid)
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
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
    private static let trigger: PostgresStatement =
        """
        SELECT t.tgname::text, t.tgenabled::text IN ('O', 'A')
        FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_namespace n ON n.oid = f.pronamespace
        WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal AND f.proname = 'wake' AND n.nspname = $2
        """
    private static let presence: PostgresStatement =
        """
        SELECT to_regnamespace(quote_ident($1)) IS NOT NULL, to_regclass(format('%I.relay', $1)) IS NOT NULL,
               obj_description(to_regclass(format('%I.source', $1)), 'pg_class'),
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(format('%I.parked', $1)) AND attname = 'retry_at')
        """

    /// - Parameter schema: the relay's schema.
    /// - Throws: ``OutboxError`` when there is no such table.
    func read(_ table: String, schema: String) throws -> TableFacts {
        let rows = try connection.query(Self.table, [.text(table)])
        guard rows.count == 1 else {
            throw OutboxError(.schema, "there is no table \(table) in this database (names are read as SQL reads them)")
        }
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
        facts.indexes = try indexes(oid)
        facts.wakeTrigger = try trigger(oid, schema)
        facts.relay = try presence(schema)
        if facts.isOwned {
            facts.hasRows = try connection.query(PostgresStatement("SELECT EXISTS (SELECT FROM \(facts.name))")).bool(0, 0)
        }
        return facts
    }

    private func columns(_ table: PostgresParameter) throws -> [TableFacts.Column] {
        let rows = try connection.query(Self.columns, [table])
        return try (0..<rows.count).map { row in
            TableFacts.Column(
                name: try rows.string(row, 0), type: try rows.string(row, 1), isNotNull: try rows.bool(row, 2),
                isIdentity: try rows.bool(row, 3), defaultExpression: rows.optionalString(row, 4),
                sequenceCache: rows.isNull(row, 5) ? nil : try rows.int64(row, 5))
        }
    }

    private func indexes(_ table: PostgresParameter) throws -> [TableFacts.Index] {
        let rows = try connection.query(Self.indexes, [table])
        return try (0..<rows.count).map { row in
            TableFacts.Index(
                name: try rows.string(row, 0), isValid: try rows.bool(row, 1), isPartial: try rows.bool(row, 2),
                columns: (rows.optionalString(row, 3) ?? "").split(separator: "\n").map { String($0) })
        }
    }

    private func trigger(_ table: PostgresParameter, _ schema: String) throws -> TableFacts.Trigger {
        let rows = try connection.query(Self.trigger, [table, .text(schema)])
        guard rows.count > 0 else { return .missing }
        return try rows.bool(0, 1) ? .enabled : .switchedOff(name: try rows.string(0, 0))
    }

    private func presence(_ schema: String) throws -> TableFacts.RelayPresence {
        let rows = try connection.query(Self.presence, [.text(schema)])
        var presence = TableFacts.RelayPresence(hasSchema: try rows.bool(0, 0))
        guard try rows.bool(0, 1) else { return presence }
        presence.mapping = rows.optionalString(0, 2)
        presence.hasParkedRetry = try rows.bool(0, 3)
        let relay = PostgresConnection.quoteIdentifier(schema) + ".relay"
        let outbox = try connection.query(PostgresStatement("SELECT outbox FROM \(relay)"))
        presence.outbox = outbox.count > 0 ? try outbox.string(0, 0) : nil
        return presence
    }
}
