import Outbox
import OutboxAdoption
public import Postgres

/// A purpose for which something logs in to the database, with the least privileges that it needs. The privileges are
/// in the .sql files beside this one; those of the relay are ``OutboxAdoption/RelayRole``.
///
/// No role may change or delete an event, only the relay's moves the checkpoint, and none makes or alters tables:
/// migrations, `adopt`, `upgrade` and `rebase` are the owner's.
public enum ServiceRole: String, CaseIterable, Sendable {
    /// orders-server.
    case server
    /// orders-projector.
    case projector
    /// orders-payments.
    case payments
    /// outbox-relay.
    case relay
    /// A person, or a console, that looks.
    case reader
    /// A person, or a console, that looks and acts.
    case `operator`

    /// The SQL that makes the role.
    ///
    /// - Parameters:
    ///   - role: the name of the role, not quoted.
    ///   - connection: to the database; of any role that can read the relay's schema.
    ///   - schema: the relay's schema, as in `RELAY_SCHEMA`, not quoted.
    /// - Throws: `OutboxError` with code `notMigrated` when there is no such schema, with code `schema` when it is of
    ///   an earlier release; ``OperatorError`` where a service of the orders is meant and the tables of orders are not
    ///   there; `PostgresError`.
    public func script(named role: String, _ connection: PostgresConnection, schema: String) throws -> String {
        let missing = try RelaySchemaUpgrade(connection, schema: schema).missing()
        guard missing.isEmpty else {
            throw OutboxError(.schema, "run outboxctl migrate (or upgrade) first: \(schema) lacks \(missing[0])")
        }
        if self == .relay { return try RelayRole(named: role, connection, schema: schema).script }
        let orders = try Self.schemaOfOrders(connection, relay: schema)
        if templates.ofRelay.isEmpty, orders == nil {
            throw OperatorError(
                "there are no orders beside the outbox of \(schema): run outboxctl migrate first, or choose --schema")
        }
        let used = templates.ofRelay + (orders == nil ? [] : templates.ofOrders)
        let names = ["role": role, "relay": schema, "orders": orders ?? ""]
        return RoleScript(
            role: role, purpose: ["What \(holder) needs, and nothing else."],
            grants: used.map { Self.fill($0, names) }.joined(separator: "\n"),
            seesSessions: self == .reader || self == .operator
        ).text
    }

    private var holder: String {
        switch self {
        case .server, .projector, .payments: "orders-\(rawValue)"
        case .relay: "outbox-relay"
        case .reader: "an operator who looks"
        case .operator: "an operator who looks and acts"
        }
    }

    /// What it is granted in the relay's schema, and beside the orders' tables where there are some.
    private var templates: (ofRelay: [[UInt8]], ofOrders: [[UInt8]]) {
        typealias Resources = PackageResources
        return switch self {
        case .server: ([], [Resources.appends_events_sql, Resources.server_sql])
        case .projector: ([], [Resources.projector_sql])
        case .payments: ([], [Resources.appends_events_sql, Resources.payments_sql])
        case .relay: ([], [])
        case .reader: ([Resources.reader_relay_sql], [Resources.reader_orders_sql])
        case .operator:
            (
                [Resources.reader_relay_sql, Resources.operator_relay_sql],
                [Resources.reader_orders_sql, Resources.operator_orders_sql]
            )
        }
    }

    /// Where the orders' tables are, if this relay forwards their outbox.
    private static func schemaOfOrders(_ connection: PostgresConnection, relay: String) throws -> String? {
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT n.nspname::text
                FROM \(PostgresConnection.quoteIdentifier(relay)).relay AS r
                JOIN pg_class AS c ON c.oid = to_regclass('event')
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE to_regclass(r.outbox) = to_regclass('outbox')
                """))
        return rows.count == 1 ? try rows.string(0, 0) : nil
    }

    /// Puts names into a file, written as in psql: `:"role"` is an identifier.
    private static func fill(_ template: [UInt8], _ names: [String: String]) -> String {
        let filled = String(decoding: template, as: UTF8.self).replacing(/:"(role|relay|orders)"/) { match in
            PostgresConnection.quoteIdentifier(names[String(match.1)] ?? "")
        }
        return String(filled.reversed().drop { $0 == "\n" }.reversed())
    }
}
