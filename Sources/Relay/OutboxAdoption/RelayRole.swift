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

    /// The script; see ``RoleScript``.
    public var script: String {
        let name = PostgresConnection.quoteIdentifier(role)
        var lines = [
            "GRANT USAGE ON SCHEMA \(schema) TO \(name);",
            "-- The view source shows the outbox with its owner's rights, so the outbox itself needs no grant.",
            "GRANT SELECT ON ALL TABLES IN SCHEMA \(schema) TO \(name);",
            "GRANT UPDATE (system_identifier, database_oid, timeline) ON \(schema).relay TO \(name);",
            "GRANT INSERT, UPDATE, TRUNCATE ON \(schema).checkpoint_0, \(schema).checkpoint_1 TO \(name);",
            "GRANT SELECT, UPDATE ON SEQUENCE \(schema).lease TO \(name);",
            "GRANT INSERT, UPDATE, DELETE ON \(schema).parked, \(schema).held TO \(name);",
            "-- Not decided_by, which is the role by default: nobody decides in the name of another one.",
            "GRANT INSERT (decided_at, action, aggregate_type, aggregate_id, outbox_id, reason, caller, details) "
                + "ON \(schema).decision TO \(name);",
            "GRANT INSERT ON \(schema).record_loss TO \(name);",
        ]
        if let leafSequence, !leaves.isEmpty {
            lines += [
                "-- Retention: whole leaves leave by TRUNCATE. Without these two, set RELAY_RETENTION=forever.",
                "GRANT SELECT, TRUNCATE ON \(leaves.joined(separator: ", ")) TO \(name);",
                "GRANT SELECT, UPDATE ON SEQUENCE \(leafSequence) TO \(name);",
            ]
        }
        let purpose = "What outbox-relay needs to forward \(outbox), and nothing else."
        return RoleScript(role: role, purpose: [purpose], grants: lines.joined(separator: "\n")).text
    }
}
