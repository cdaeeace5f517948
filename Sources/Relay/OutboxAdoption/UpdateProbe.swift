import Postgres

/// Tries, and undoes, what numbering existing rows will do to each of them. A trigger, a rule or a publication may
/// refuse it; the plan says so before the table is changed.
struct UpdateProbe {
    let connection: PostgresConnection
    let facts: TableFacts

    /// Undoes the transaction.
    private struct Done: Error { var rows: Int }

    /// Why a row cannot be updated; nil if a row can be updated, or if the table is locked at the moment.
    func refusal() throws -> String? {
        guard let column = facts.columns.first(where: \.isSettable).map({ PostgresConnection.quoteIdentifier($0.name) })
        else { return nil }
        do {
            try connection.transaction { () -> Void in
                try connection.execute("SET LOCAL lock_timeout = \(AdoptionLimits.lockMilliseconds)")
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
            where error.sqlState != nil && !error.isConnectionLost
        {
            guard error.sqlState != SQLState.lockNotAvailable else { return nil }
            return ([error.message] + (error.hint.map { [$0] } ?? [])).joined(separator: "; ")
        }
        return nil
    }
}
