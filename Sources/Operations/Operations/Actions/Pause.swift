import Outbox
import Postgres

extension OperatorDesk {
    /// Asks the relay to publish nothing until ``resume(reason:)``. It goes on leading and renewing its lease, and a
    /// relay that takes its place is paused as well.
    ///
    /// The leader notices within a third of its lease; ``RelayState/Pause/isInEffect`` of a status says whether it has.
    ///
    /// - Throws: ``OperatorError`` for an empty reason, or if the relay is paused already; `PostgresError`.
    public func pause(reason: String) throws -> Receipt {
        let receipt = try set(
            "paused_at = transaction_timestamp(), paused_by = coalesce($2, session_user), pause_reason = $1",
            where: "paused_at IS NULL", "pause", reason)
        guard receipt.firstDecision != nil else { throw OperatorError("the relay is paused already") }
        return receipt.telling("the relay is asked to pause")
    }

    /// Lets the relay publish again.
    ///
    /// - Throws: ``OperatorError`` for an empty reason, or if the relay is not paused; `PostgresError`.
    public func resume(reason: String) throws -> Receipt {
        let receipt = try set(
            "paused_at = NULL, paused_by = NULL, pause_reason = NULL", where: "paused_at IS NOT NULL", "resume", reason)
        guard receipt.firstDecision != nil else { throw OperatorError("the relay is not paused") }
        return receipt.telling("the relay may publish again")
    }

    private func set(
        _ columns: String, where condition: String, _ action: String, _ reason: String
    ) throws -> Receipt {
        try acting(reason) {
            try decided(
                """
                WITH changed AS (
                    UPDATE \(schema).relay SET \(columns) WHERE \(condition) RETURNING 1
                ), noted AS (
                    INSERT INTO \(schema).decision (decided_at, action, reason, caller)
                    SELECT transaction_timestamp(), '\(action)', $1, $2 FROM changed RETURNING decision_id
                )
                SELECT 0::bigint, 0::bigint, transaction_timestamp(), min(decision_id), max(decision_id) FROM noted
                """, [.text(reason), .text(caller)], action, reason)
        }
    }
}
