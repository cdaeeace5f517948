import Postgres

/// Who sets an outbox up, and why: the record of an adoption or an upgrade in the table `decision`.
public struct SetUpDecision: Sendable {
    /// The name of the person or program; nil where nobody knows.
    public var caller: String?
    /// One sentence.
    public var reason: String

    /// - Parameter reason: one sentence.
    public init(caller: String?, reason: String) {
        self.caller = caller
        self.reason = reason
    }

    enum Action: String {
        case adopt
        case upgrade
    }

    /// Records it. The schema is of version 7 or later.
    ///
    /// - Parameter steps: what was done, a line each.
    func record(_ action: Action, _ steps: [String], _ connection: PostgresConnection, schema: String) throws {
        var done = PostgresArray(.text, reserving: steps.count)
        for step in steps { done.append(step) }
        try connection.query(
            PostgresStatement(
                """
                INSERT INTO \(PostgresConnection.quoteIdentifier(schema)).decision (action, reason, caller, details)
                VALUES ($1, $2, $3, jsonb_build_object('steps', $4::text[]))
                """), [.text(action.rawValue), .text(reason), .text(caller), .array(done)])
    }
}
