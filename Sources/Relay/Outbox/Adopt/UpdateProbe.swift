import Postgres

/// Tries, and undoes, what numbering existing rows will do to each of them: a trigger, a rule or a publication may
/// refuse it, which is better known before the table is changed.
struct UpdateProbe {
    let connection: PostgresConnection
    let facts: TableFacts

    /// Undoes the transaction.
    private struct Done: Error { var rows: Int }

    /// Why a row cannot be updated; nil if one can be, or that cannot be told now.
    func refusal() throws -> String? {
        guard let column = facts.columns.first(where: \.isSettable).map({ PostgresConnection.quoteIdentifier($0.name) })
        else { return nil }
        do {
            try connection.transaction { () -> Void in
                try connection.execute("SET LOCAL lock_timeout = \(OutboxLimits.adoptionLockMilliseconds)")
                let rows = try connection.query(
                    PostgresStatement(
                        """
                        UPDATE \(facts.name) SET \(column) = \(column)
                        WHERE ctid = (SELECT ctid FROM \(facts.name) LIMIT 1 FOR UPDATE) RETURNING 1
                        """))
                throw Done(rows: rows.count)
            }
        } catch let done as Done {
            return done.rows == 0 ? "a rule or a trigger lets it change nothing" : nil
        } catch let error as PostgresError
            where error.sqlState != nil && !error.isConnectionLost && error.sqlState != SQLState.lockNotAvailable
        {
            return ([error.message] + (error.hint.map { [$0] } ?? [])).joined(separator: "; ")
        } catch let error as PostgresError where error.sqlState == SQLState.lockNotAvailable {
            return nil
        }
        return nil
    }
}
