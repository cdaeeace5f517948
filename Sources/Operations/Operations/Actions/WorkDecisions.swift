import Outbox
import Postgres

/// What is decided about work that goes on without its caller.
enum WorkStep: String {
    case stop
    case `continue`
}

/// Work of the server that a procedure of the relay's schema does.
enum ServerWork: String {
    case replay
    case bulk

    /// For people, with its number behind it.
    var words: String { self == .replay ? "replay" : "bulk action" }
}

extension OperatorDesk {
    /// Stops work, or records that it goes on: one statement, with the decision.
    ///
    /// Work that no session does, because of a crash, is over as soon as it is stopped; a session that is about to
    /// begin finds it so.
    ///
    /// - Throws: ``OperatorError`` for an empty reason, and where there is no such work, or none to go on with.
    func decide(_ step: WorkStep, _ work: ServerWork, _ number: Int64, _ reason: String) throws -> Receipt {
        let receipt = try acting(reason) {
            try decided(
                statement(step, work), [.int8(number), .text(reason), .text(caller)], action(work), reason)
        }
        guard receipt.firstDecision != nil else {
            let why = step == .stop ? "has ended" : "is running, has ended"
            throw OperatorError("\(work.words) \(number) \(why), or there is none")
        }
        return receipt
    }

    /// The action of a receipt: that of a bulk action is in its decision.
    private func action(_ work: ServerWork) -> String { work == .replay ? "replay" : "bulk" }

    /// $1 the number, $2 reason, $3 caller.
    private func statement(_ step: WorkStep, _ work: ServerWork) -> String {
        let id = "\(work.rawValue)_id"
        let isRunning = """
            EXISTS (SELECT FROM pg_stat_activity AS a
                    WHERE a.datname = current_database()
                      AND a.application_name = 'outbox-\(work.rawValue) ' || w.\(id))
            """
        let chosen =
            switch step {
            case .stop:
                """
                UPDATE \(schema).\(work.rawValue) AS w
                SET stop_asked_at = coalesce(stop_asked_at, clock_timestamp()),
                    ended_at = CASE WHEN NOT \(isRunning) THEN clock_timestamp() END
                WHERE w.\(id) = $1 AND w.ended_at IS NULL RETURNING w.*
                """
            case .continue:
                """
                SELECT w.* FROM \(schema).\(work.rawValue) AS w
                WHERE w.\(id) = $1 AND w.ended_at IS NULL AND w.stop_asked_at IS NULL AND NOT \(isRunning)
                """
            }
        let (action, key) =
            work == .replay ? ("'replay'", "aggregate_type, aggregate_id") : ("action", "NULL, NULL")
        return """
            WITH chosen AS (
                \(chosen)
            ), noted AS (
                INSERT INTO \(schema).decision
                    (decided_at, action, aggregate_type, aggregate_id, reason, caller, details)
                SELECT transaction_timestamp(), \(action), \(key), $2, $3,
                       jsonb_build_object('\(id)', \(id), '\(step.rawValue)', true)
                FROM chosen RETURNING decision_id
            )
            SELECT 0::bigint, 0::bigint, transaction_timestamp(), min(decision_id), max(decision_id) FROM noted
            """
    }
}
