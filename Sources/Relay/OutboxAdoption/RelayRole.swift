import Outbox
public import Postgres

/// The SQL that makes a role with the privileges that a relay needs, and no others: to read the outbox through the view
/// `source`, to write in the relay's own schema, and to truncate leaves where the relay looks after retention.
public struct RelayRole {
    private let role: String
    private let schema: String
    private let leaves: [String]
    private let leafSequence: String?
    private let outbox: String

    /// Reads which outbox the relay's schema belongs to.
    ///
    /// - Parameters:
    ///   - role: the name of the role, not quoted.
    ///   - connection: to the outbox's database; may be of any role that can read the relay's schema.
    ///   - schema: as in `RELAY_SCHEMA`, not quoted.
    /// - Throws: ``OutboxError`` with code `notMigrated` when the schema is not there yet.
    public init(named role: String, _ connection: PostgresConnection, schema: String) throws {
        let identity = try RelayIdentity.read(connection, schema: schema)
        self.role = role
        self.schema = PostgresConnection.quoteIdentifier(schema)
        leaves = identity.leaves
        leafSequence = identity.leafSequence
        outbox = identity.outbox
    }

    /// A script for psql, in one transaction: with the role refused, nothing is granted. Running it twice does no harm.
    public var script: String {
        let name = PostgresConnection.quoteIdentifier(role)
        var lines = [
            "-- What outbox-relay needs to forward \(outbox), and nothing else. Run it as the owner of the schema",
            "-- \(schema), with psql -v ON_ERROR_STOP=1. If the owner may not create roles, have CREATE ROLE \(name) "
                + "LOGIN",
            "-- run before. The role's password, or certificate, is yours to give.",
            "BEGIN;",
            "DO \(PostgresConnection.quoteLiteral(creation(name)));",
            "GRANT USAGE ON SCHEMA \(schema) TO \(name);",
            "-- The view source shows the outbox with its owner's rights, so the outbox itself needs no grant.",
            "GRANT SELECT ON ALL TABLES IN SCHEMA \(schema) TO \(name);",
            "GRANT UPDATE (system_identifier, database_oid, timeline) ON \(schema).relay TO \(name);",
            "GRANT INSERT, UPDATE, TRUNCATE ON \(schema).checkpoint_0, \(schema).checkpoint_1 TO \(name);",
            "GRANT SELECT, UPDATE ON SEQUENCE \(schema).lease TO \(name);",
            "GRANT INSERT, UPDATE, DELETE ON \(schema).parked, \(schema).held TO \(name);",
            "GRANT INSERT ON \(schema).decision, \(schema).record_loss TO \(name);",
        ]
        if let leafSequence, !leaves.isEmpty {
            lines += [
                "-- Retention: whole leaves leave by TRUNCATE. Without these two, set RELAY_RETENTION=forever.",
                "GRANT SELECT, TRUNCATE ON \(leaves.joined(separator: ", ")) TO \(name);",
                "GRANT SELECT, UPDATE ON SEQUENCE \(leafSequence) TO \(name);",
            ]
        }
        lines.append("COMMIT;")
        return lines.joined(separator: "\n") + "\n"
    }

    private func creation(_ name: String) -> String {
        """
        BEGIN
            IF to_regrole(\(PostgresConnection.quoteLiteral(name))) IS NULL THEN CREATE ROLE \(name) LOGIN; END IF;
        END
        """
    }
}
