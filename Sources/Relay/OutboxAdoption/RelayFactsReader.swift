import Outbox
import Postgres

/// Asks the catalog what the relay has in the database already, and what would keep it from reading a table.
struct RelayFactsReader {
    let connection: PostgresConnection
    /// The table's oid.
    let table: PostgresParameter
    /// The relay's schema, not quoted.
    let schema: String

    private static let trigger: PostgresStatement =
        """
        SELECT t.tgname::text, t.tgenabled::text IN ('O', 'A')
        FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_namespace n ON n.oid = f.pronamespace
        WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal AND f.proname = 'wake' AND n.nspname = $2
        """

    private enum TriggerColumn: Int { case name, isEnabled }

    private static let presence: PostgresStatement =
        """
        SELECT n.oid IS NOT NULL,
               to_regclass(format('%I.relay', $2)) IS NOT NULL AND to_regclass(format('%I.source', $2)) IS NOT NULL,
               obj_description(to_regclass(format('%I.source', $2)), 'pg_class'),
               coalesce(has_schema_privilege(n.oid, 'CREATE'), true),
               EXISTS (SELECT FROM pg_rewrite w
                       JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                       WHERE w.ev_class = to_regclass(format('%I.source', $2)) AND d.refclassid = 'pg_class'::regclass
                         AND d.refobjid = $1::oid)
        FROM (VALUES (to_regnamespace(quote_ident($2))::oid)) AS n (oid)
        """

    private enum PresenceColumn: Int { case hasSchema, hasRelay, mapping, mayCreate, readsTable }

    /// Composite types and indexes come and go with their tables.
    private static let strangers: PostgresStatement =
        """
        SELECT string_agg(name, E'\\n' ORDER BY name) FROM (
            SELECT relname::text, relname::text FROM pg_class
            WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
            UNION ALL
            SELECT proname::text, proname::text || '()' FROM pg_proc
            WHERE pronamespace = to_regnamespace(quote_ident($1))
        ) AS objects (own, name)
        WHERE own <> ALL ($2::text[])
        """

    private static let own =
        "relay,source,checkpoint,checkpoint_0,checkpoint_1,lease,parked,held,held_hold_id_seq,decision,outbox_state,"
        + "relay_state,wake,outbox_id,schema_version"

    /// The view reads with its owner's rights; before there is one, that will be the current user.
    private static let rows: PostgresStatement =
        """
        SELECT (SELECT r.rolname::text FROM pg_roles r
                WHERE r.oid = coalesce((SELECT relowner FROM pg_class WHERE oid = to_regclass(format('%I.source', $2))),
                                       (SELECT oid FROM pg_roles WHERE rolname = current_user))
                  AND c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
                  AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE'))),
               (SELECT string_agg(tgname::text, E'\\n' ORDER BY tgname) FROM pg_trigger
                WHERE tgrelid = c.oid AND NOT tgisinternal AND tgtype & 16 <> 0 AND cardinality(tgattr::int2[]) = 0
                  AND tgenabled IN ('O', 'A')),
               EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'c' AND conname = $3)
        FROM pg_class c WHERE c.oid = $1::oid
        """

    private enum RowsColumn: Int { case filteredReader, updateTriggers, hasNumbersCheck }

    /// Adds what the relay has to what is known of the table.
    func read(into facts: inout TableFacts) throws {
        facts.wakeTrigger = try trigger()
        facts.relay = try presence()
        let check = RelayNames(schema: schema, outbox: facts.name).numbersCheck
        let rows = try connection.query(Self.rows, [table, .text(schema), .text(check)])
        facts.filteredReader = rows.optionalString(0, RowsColumn.filteredReader)
        facts.updateTriggers = TableFactsReader.lines(
            rows.optionalString(0, RowsColumn.updateTriggers))
        facts.hasNumbersCheck = try rows.bool(0, RowsColumn.hasNumbersCheck)
    }

    private func trigger() throws -> TableFacts.Trigger {
        let rows = try connection.query(Self.trigger, [table, .text(schema)])
        guard rows.count > 0 else { return .missing }
        if try rows.bool(0, TriggerColumn.isEnabled) { return .enabled }
        return .switchedOff(name: try rows.string(0, TriggerColumn.name))
    }

    private func presence() throws -> TableFacts.RelayPresence {
        let rows = try connection.query(Self.presence, [table, .text(schema)])
        var presence = TableFacts.RelayPresence(
            hasSchema: try rows.bool(0, PresenceColumn.hasSchema),
            mayCreate: try rows.bool(0, PresenceColumn.mayCreate))
        presence.readsTable = try rows.bool(0, PresenceColumn.readsTable)
        if try rows.bool(0, PresenceColumn.hasRelay), let outbox = try outbox() {
            presence.outbox = outbox
            presence.mapping = rows.optionalString(0, PresenceColumn.mapping)
            presence.version = try RelaySchema.state(connection, schema: schema)
        }
        // Before the last step only the sequence of ids is there.
        let own = presence.outbox == nil ? "outbox_id" : Self.own
        let strangers = try connection.query(Self.strangers, [.text(schema), .literal("{\(own)}")])
        presence.strangers = TableFactsReader.lines(strangers.optionalString(0, 0))
        return presence
    }

    /// nil where the table `relay` is not this program's.
    private func outbox() throws -> String? {
        let relay = PostgresConnection.quoteIdentifier(schema) + ".relay"
        do {
            let rows = try connection.query(
                PostgresStatement("SELECT outbox FROM \(relay) WHERE lock_class IS NOT NULL"))
            return rows.count > 0 ? try rows.string(0, 0) : nil
        } catch {
            // An undefined column, an undefined table.
            guard error.sqlState == SQLState.undefinedColumn || error.sqlState == SQLState.undefinedTable else {
                throw error
            }
            return nil
        }
    }
}
