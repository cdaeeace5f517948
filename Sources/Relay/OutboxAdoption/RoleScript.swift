import Postgres

/// A script for psql that makes a role, unless it is there, and gives it privileges: in one transaction, so that with
/// the role refused nothing is granted. Running it twice does no harm.
public struct RoleScript {
    private let role: String
    private let purpose: [String]
    private let grants: String
    private let seesSessions: Bool

    /// - Parameters:
    ///   - role: the name of the role, not quoted.
    ///   - purpose: what the role is for, in lines of a comment.
    ///   - grants: statements, each with its semicolon, that name the role quoted.
    ///   - seesSessions: whether the role is to see what sessions of other roles do, if whoever runs the script may let
    ///     it; without that, such a session is shown with its name and without its state.
    public init(role: String, purpose: [String], grants: String, seesSessions: Bool = false) {
        self.role = role
        self.purpose = purpose
        self.grants = grants
        self.seesSessions = seesSessions
    }

    /// The script.
    public var text: String {
        let name = PostgresConnection.quoteIdentifier(role)
        var lines =
            purpose.map { "-- \($0)" } + [
                "-- Run it as the owner of the tables, with psql -v ON_ERROR_STOP=1. If the owner may not create",
                "-- roles, have CREATE ROLE \(name.filter { !$0.isNewline }) LOGIN run before. The role's password, or "
                    + "certificate, is",
                "-- yours to give.",
                "BEGIN;", "DO \(PostgresConnection.quoteLiteral(creation(name)));", grants,
            ]
        if seesSessions { lines.append("DO \(PostgresConnection.quoteLiteral(sight(name)));") }
        return (lines + ["COMMIT;", ""]).joined(separator: "\n")
    }

    private func creation(_ name: String) -> String {
        """
        BEGIN
            IF to_regrole(\(PostgresConnection.quoteLiteral(name))) IS NULL THEN CREATE ROLE \(name) LOGIN; END IF;
        END
        """
    }

    private func sight(_ name: String) -> String {
        """
        BEGIN
            IF NOT pg_has_role(\(PostgresConnection.quoteLiteral(role)), 'pg_read_all_stats', 'USAGE') THEN
                GRANT pg_read_all_stats TO \(name);
            END IF;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE NOTICE 'pg_read_all_stats was not granted: what blocks others is shown without its statement';
        END
        """
    }
}
